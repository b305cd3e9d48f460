import { errnoOf, hasErrno, type ThubanError } from '../base/index.ts';
import { writeDeviceList } from './devices/write-list.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupWrite, Notice } from './plan-types.ts';
import { comparisonOf } from './read-back.ts';
import { exists, readIf } from './read.ts';
import { changedByKernel, notHandedDown, refusal } from './refusal.ts';
import { enableControllers, inherited, memswFirst, raiseRealtime } from './strategies.ts';

/** Writes that belong together: neighbours in one directory with the same strategy. */
export function batches(writes: readonly CgroupWrite[]): CgroupWrite[][] {
  const found: CgroupWrite[][] = [];
  for (const write of writes) {
    const last = found.at(-1);
    const before = last?.[0];
    if (
      last !== undefined &&
      write.op === 'write' &&
      write.strategy !== undefined &&
      before?.strategy === write.strategy &&
      before.path === write.path
    )
      last.push(write);
    else found.push([write]);
  }
  return found;
}

/**
 * Carries out one batch of writes. What a `best_effort` plan cannot have is returned as findings; everything else that the kernel
 * refuses is thrown.
 */
export function executeBatch(fs: KernelFs, batch: CgroupWrite[]): Notice[] {
  const degraded: Notice[] = [];
  const one = (write: CgroupWrite): void => {
    const notice = writeOne(fs, write);
    if (notice !== undefined) degraded.push(notice);
  };
  switch (batch[0]?.strategy) {
    case 'memsw_order':
      for (const write of memswFirst(fs, batch) ? [...batch].reverse() : batch) one(write);
      break;
    case 'quota_then_period':
      settle(batch, one);
      break;
    case 'rt_root_down':
      try {
        settle(batch, one);
      } catch (error) {
        if (!hasErrno(causeOf(error), 'EINVAL') || !raiseRealtime(fs, batch[0].path, batch[0].levels)) throw error;
        settle(batch, one);
      }
      break;
    case 'inherit':
      for (const write of batch) one({ ...write, value: inherited(fs, write) });
      break;
    case 'enable_all':
    case 'enable_each':
      for (const write of batch) enableControllers(fs, write);
      break;
    case 'device_list':
      writeDeviceList(fs, batch);
      break;
    case undefined:
    case 'fill_empty': // of a directory that is made, see acquire.ts
      for (const write of batch) {
        // A program is attached by the launcher: Node.js has no bpf(2).
        if (write.op === 'write') one(write);
      }
  }
  return degraded;
}

/** In order; what answers EINVAL waits for the others and is tried again as long as anything moves. */
function settle(batch: CgroupWrite[], one: (write: CgroupWrite) => void): void {
  let waiting = batch;
  while (waiting.length > 0) {
    const refused: CgroupWrite[] = [];
    let last: unknown;
    for (const write of waiting) {
      try {
        one(write);
      } catch (error) {
        if (!hasErrno(causeOf(error), 'EINVAL')) throw error;
        last = error;
        refused.push(write);
      }
    }
    if (refused.length === waiting.length) throw last;
    waiting = refused;
  }
}

function writeOne(fs: KernelFs, write: CgroupWrite): Notice | undefined {
  const { path, file = '', value = '', instead_of: primary } = write;
  if (primary !== undefined && exists(fs, `${path}/${primary}`)) return undefined;
  // A bare newline would be 0 to memory.max; an empty write is none at all. The planner makes neither.
  if (value.trim() === '') throw refusal(write, new Error('an empty value is never written'));
  try {
    fs.write(`${path}/${file}`, value);
  } catch (error) {
    if (tolerated(write, error)) return undefined;
    const refused = isWithout(fs, write, error)
      ? notHandedDown(write.controller, path, error, write.key === undefined ? { path } : { path, key: write.key })
      : refusal(write, error);
    if (write.optional === true && hasErrno(error, 'ENOENT', 'EOPNOTSUPP')) return notice(refused, write.key);
    throw refused;
  }
  const isSame = comparisonOf(write);
  const found = isSame && readIf(fs, `${path}/${file}`);
  if (found !== undefined && isSame?.(found) === false) throw changedByKernel(write, found);
  return undefined;
}

/** Whether the file is missing only because this v2 group was not given the controller. */
function isWithout(fs: KernelFs, { path, controller }: CgroupWrite, error: unknown): boolean {
  const offered = hasErrno(error, 'ENOENT') ? readIf(fs, `${path}/cgroup.controllers`) : undefined;
  return offered !== undefined && !offered.split(/\s+/).includes(controller);
}

function tolerated(write: CgroupWrite, error: unknown): boolean {
  return write.tolerate?.includes(errnoOf(error) ?? '') === true;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function notice(error: ThubanError, key: string | undefined): Notice {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(key === undefined ? {} : { key }),
  };
}
