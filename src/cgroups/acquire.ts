import { dirname } from 'node:path/posix';
import { hasErrno, ThubanError } from '../base/index.ts';
import { AcquiredGroups, type AcquiredOptions } from './acquired.ts';
import { batches, executeBatch } from './execute.ts';
import { freezerOf, freezerState, frozenAbove } from './freezer.ts';
import { kernelAge, withoutEarlyIoLimits, type KernelAge } from './io-guard.ts';
import type { KernelFs } from './kernel-fs.ts';
import { checkLevel } from './check-level.ts';
import { makeGroup, removeIfEmpty } from './make-group.ts';
import type { CgroupPlan, CgroupWrite, Notice } from './plan-types.ts';
import { below } from './paths.ts';
import { exists } from './read.ts';
import type { SharedGroups } from './shared-groups.ts';
import { fillEmpty } from './strategies.ts';

/** How often the shared directory may vanish under our hands (another Thuban process removes it when it is empty). */
const VANISH_RETRIES = 16;

/**
 * Makes the groups and writes the limits, in the plan's order. Whatever fails, everything made so far is removed before
 * the error leaves: TH2004 with file, path, value, errno and manifest key, TH2002 for an absent file, TH2011 for a group
 * that already holds processes, TH2009 below a frozen one, TH2013 and TH2006 for a parent that cannot be used, TH2014 for a limit that must
 * wait, TH2007 below a group of the manifest's that holds processes.
 */
export function acquireGroups(
  fs: KernelFs,
  plan: CgroupPlan,
  { kernel = kernelAge(), ...options }: Omit<AcquiredOptions, 'degraded'> & { kernel?: KernelAge } = {},
): AcquiredGroups {
  const leaves = new Set(plan.groups.map((group) => group.path));
  const made: string[] = [];
  const { writes, degraded: tooEarly } = withoutEarlyIoLimits(plan.writes, kernel);
  const degraded: Notice[] = [...plan.degraded, ...tooEarly];
  const all = batches(writes);
  let retries = VANISH_RETRIES;
  try {
    for (let i = 0; i < all.length; i++) {
      const batch = all[i] ?? [];
      const [first] = batch;
      if (first === undefined) continue;
      try {
        if (first.op === 'mkdir') {
          const own = leaves.has(first.path);
          if (makeGroup(fs, first, own)) {
            made.push(first.path);
            if (!own) options.shared?.made(first.path);
          } else if (plan.levels !== undefined) checkLevel(fs, first.path, plan);
          // Owned before it is filled, which can fail too.
          if (first.strategy === 'fill_empty') fillEmpty(fs, first.path);
        } else degraded.push(...executeBatch(fs, batch));
      } catch (error) {
        const back = retries-- > 0 ? vanished(fs, all.slice(0, i + 1), error, leaves) : -1;
        if (back === -1) throw withParent(fs, first, error);
        i = back - 1;
      }
    }
    checkNotFrozen(fs, plan);
  } catch (error) {
    rollBack(fs, made, options.shared);
    throw error;
  }
  return new AcquiredGroups(fs, plan.groups, { degraded, ...options });
}

/** The last of these steps failed: the one to go back to when a directory above went away before it, else -1. */
function vanished(fs: KernelFs, steps: CgroupWrite[][], error: unknown, leaves: Set<string>): number {
  const failed = steps.at(-1)?.[0];
  if (failed === undefined || !(error instanceof ThubanError) || !hasErrno(error.cause, 'ENOENT')) return -1;
  const gone = steps.findIndex(
    ([write]) =>
      write?.op === 'mkdir' &&
      !leaves.has(write.path) &&
      below(write.path, failed.path) !== undefined &&
      !exists(fs, write.path),
  );
  const path = steps[gone]?.[0]?.path;
  return path === undefined || !exists(fs, dirname(path)) ? -1 : gone;
}

function withParent(fs: KernelFs, write: CgroupWrite, error: unknown): unknown {
  if (write.op !== 'mkdir' || !(error instanceof ThubanError) || !hasErrno(error.cause, 'ENOENT')) return error;
  const parent = dirname(write.path);
  if (exists(fs, parent)) return error;
  return new ThubanError('TH2013', `the cgroup parent ${parent} does not exist`, {
    hint: `mkdir ${parent}`,
    details: { path: parent },
    cause: error,
  });
}

/** Below a frozen group the program would be held before its first instruction, and its start would never end. */
function checkNotFrozen(fs: KernelFs, plan: CgroupPlan): void {
  const group = freezerOf(plan.groups);
  const state = group === undefined ? null : freezerState(fs, group);
  if (group === undefined || state === null || state.state === 'thawed') return;
  const path = frozenAbove(fs, group) ?? group.path;
  throw new ThubanError('TH2009', `nothing can be started below ${path}, which is frozen`, {
    hint: 'whoever froze that group has to thaw it',
    details: { path },
  });
}

/** Only what we made, never what stands beside it: another process may have begun a group under the shared directory. */
function rollBack(fs: KernelFs, made: string[], shared: SharedGroups | undefined): void {
  for (const path of made.reverse()) if (removeIfEmpty(fs, path)) shared?.gone(path);
}
