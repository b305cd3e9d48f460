import { formatBytes, hasErrno, ThubanError } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupWrite } from './plan-types.ts';
import { exists, numberOrNull } from './read.ts';

/** What is in use of what a file limits. `kernel`: it refuses a limit below the use by itself, after it has reclaimed what it can. */
const USES: Readonly<Record<string, { use: string; kernel?: true }>> = {
  'memory.limit_in_bytes': { use: 'memory.usage_in_bytes', kernel: true },
  'memory.memsw.limit_in_bytes': { use: 'memory.memsw.usage_in_bytes', kernel: true },
  'memory.max': { use: 'memory.current' },
  'memory.swap.max': { use: 'memory.swap.current' },
  'pids.max': { use: 'pids.current' },
};

/** A limit that is below what is in use. */
export interface BelowUse {
  key: string;
  file: string;
  limit: number;
  use: number;
}

/** How often the kernel is asked again while it makes progress. */
const RECLAIM_ROUNDS = 8;

/** Lowered limits that are below what is in use now. A limit that is raised is never one, whatever is in use. */
export function belowUse(fs: KernelFs, writes: readonly CgroupWrite[]): BelowUse[] {
  return writes.flatMap((write) => {
    const found = measure(fs, write);
    return found === undefined || found.use <= found.limit ? [] : [found];
  });
}

/**
 * Refuses limits below the use (TH2005). Memory of v2 is reclaimed first, as v1 does it by itself (`memory.reclaim`, Linux 5.19): memory.max
 * would reclaim as well, but kill what does not fit.
 */
export function checkUse(fs: KernelFs, writes: readonly CgroupWrite[]): void {
  for (const write of writes) {
    if (USES[write.file ?? '']?.kernel === true) continue;
    let found = measure(fs, write);
    if (write.file === 'memory.max') found = reclaim(fs, write, found);
    if (found !== undefined && found.use > found.limit) throw tooLow(found);
  }
}

/** The kernel's own refusal of a limit below the use, as the error that says so. */
export function useRefused(fs: KernelFs, write: CgroupWrite, error: unknown): ThubanError | undefined {
  const use = USES[write.file ?? '']?.use;
  if (use === undefined || !hasErrno(error, 'EBUSY')) return undefined;
  const now = numberOrNull(fs, `${write.path}/${use}`);
  return now === null ? undefined : tooLow({ ...aboutOf(write), limit: Number(write.value), use: now }, true);
}

function reclaim(fs: KernelFs, write: CgroupWrite, found: BelowUse | undefined): BelowUse | undefined {
  const file = `${write.path}/memory.reclaim`;
  let now = found;
  for (let round = 0; round < RECLAIM_ROUNDS && now !== undefined && now.use > now.limit; round++) {
    if (!exists(fs, file)) break;
    const { use } = now;
    try {
      fs.write(file, String(use - now.limit));
    } catch (error) {
      if (!hasErrno(error, 'EAGAIN', 'EINTR')) throw error; // less than that could be reclaimed
    }
    now = measure(fs, write);
    if (now !== undefined && now.use >= use) break;
  }
  return now;
}

/** Undefined: it limits nothing that is counted, or it is not lowered. */
function measure(fs: KernelFs, write: CgroupWrite): BelowUse | undefined {
  const file = write.file ?? '';
  const use = USES[file]?.use;
  const limit = /^\d+$/.test(write.value ?? '') ? Number(write.value) : undefined;
  if (use === undefined || limit === undefined) return undefined;
  const [present, now] = [numberOrNull(fs, `${write.path}/${file}`), numberOrNull(fs, `${write.path}/${use}`)];
  if (now === null || (present !== null && limit >= present)) return undefined;
  return { ...aboutOf(write), limit, use: now };
}

function aboutOf({ key = 'cgroups', file = '' }: CgroupWrite): { key: string; file: string } {
  return { key, file };
}

function tooLow(found: BelowUse, byKernel = false): ThubanError {
  const { file, limit, use } = found;
  const shown = (value: number): string => (file === 'pids.max' ? `${value} threads` : formatBytes(value));
  const [a, b] = [shown(limit), shown(use)];
  // Rounded they may look the same.
  const values = a === b ? [`${limit} bytes`, `${use} bytes`] : [a, b];
  const hint = byKernel
    ? 'cgroups v1 takes no limit below the use, `--force` or not: restart the container with it'
    : file === 'pids.max'
      ? '`--force` sets it all the same: nothing is killed, and no thread begins until enough have ended'
      : '`--force` lets the kernel reclaim or kill';
  return new ThubanError('TH2005', `${values[0] ?? ''} for ${file} is below the present use of ${values[1] ?? ''}`, {
    hint,
    details: { ...found },
  });
}
