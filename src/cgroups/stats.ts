import type { KernelFs } from './kernel-fs.ts';
import type { Group } from './plan-types.ts';
import { flatKeyed, integer, numberOrNull, readIf } from './read.ts';

export interface CpuUsage {
  /** Microseconds of processor time since the group was made. */
  usage_us: number;
  /** Enforcement periods with a quota, and those in which the group was held back; null without the controller. */
  nr_periods: number | null;
  nr_throttled: number | null;
}

/** Bytes. null: no limit, or the kernel does not tell. */
export interface MemoryUsage {
  usage: number | null;
  limit: number | null;
  peak: number | null;
}

/** v2: cpu.stat, whose usage is there even without the controller. v1: cpuacct.usage (nanoseconds) and cpu.stat. */
export function cpuUsage(fs: KernelFs, groups: readonly Group[]): CpuUsage | null {
  const unified = groups.find((group) => group.version === 2);
  const accounting = groups.find((group) => group.version === 1 && group.controllers.includes('cpuacct'));
  const cpu =
    groups.find((group) => group.controllers.includes('cpu')) ?? (accounting === undefined ? unified : undefined);
  const stat = flatKeyed((cpu === undefined ? undefined : readIf(fs, `${cpu.path}/cpu.stat`)) ?? '');
  const periods = { nr_periods: numberOf(stat.get('nr_periods')), nr_throttled: numberOf(stat.get('nr_throttled')) };
  if (accounting !== undefined) {
    const text = readIf(fs, `${accounting.path}/cpuacct.usage`)?.trim();
    return text === undefined || !/^\d+$/.test(text)
      ? null
      : { usage_us: Number(BigInt(integer(text)) / 1000n), ...periods };
  }
  const usage = numberOf(stat.get('usage_usec'));
  return usage === null ? null : { usage_us: usage, ...periods };
}

/** Current use, limit and high-water mark (v2: memory.peak, since 5.19). null when there is no memory group any more. */
export function memoryUsage(fs: KernelFs, groups: readonly Group[]): MemoryUsage | null {
  const group = memoryGroup(groups);
  if (group === undefined) return null;
  const [usage, limit, peak] =
    group.version === 1
      ? ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'memory.max_usage_in_bytes']
      : ['memory.current', 'memory.max', 'memory.peak'];
  const read = (file: string | undefined): number | null => numberOrNull(fs, `${group.path}/${file ?? ''}`);
  const values = { usage: read(usage), limit: read(limit), peak: read(peak) };
  return values.usage === null && values.peak === null ? null : values;
}

/** Bytes in use without inactive page cache: what the kernel cannot take back at once. null when there is no memory group any more. */
export function workingSet(fs: KernelFs, groups: readonly Group[]): number | null {
  const group = memoryGroup(groups);
  if (group === undefined) return null;
  const [usage, inactive] =
    group.version === 1 ? ['memory.usage_in_bytes', 'total_inactive_file'] : ['memory.current', 'inactive_file'];
  const used = numberOrNull(fs, `${group.path}/${usage}`);
  const cache = numberOf(flatKeyed(readIf(fs, `${group.path}/memory.stat`) ?? '').get(inactive));
  return used === null ? null : Math.max(0, used - (cache ?? 0));
}

function memoryGroup(groups: readonly Group[]): Group | undefined {
  return groups.find((candidate) => candidate.controllers.includes('memory'));
}

function numberOf(value: number | bigint | undefined): number | null {
  return value === undefined ? null : Number(value);
}
