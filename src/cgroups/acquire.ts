import { dirname } from 'node:path/posix';
import { hasErrno, ThubanError } from '../base/index.ts';
import { AcquiredGroups, type AcquiredOptions } from './acquired.ts';
import { batches, executeBatch } from './execute.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupPlan, CgroupWrite, Notice } from './plan-types.ts';
import { isPopulated } from './procs.ts';
import { exists, subtree } from './read.ts';

/** How often the shared directory may vanish under our hands (another Thuban process removes it when it is empty). */
const VANISH_RETRIES = 16;

/**
 * Makes the groups and writes the limits, in the plan's order. Whatever fails, everything made so far is removed before
 * the error leaves: TH2004 with file, path, value, errno and manifest key, TH2002 for an absent file, TH2011 for a group
 * that already holds processes, TH2013 and TH2006 for a parent that cannot be used.
 */
export function acquireGroups(
  fs: KernelFs,
  plan: CgroupPlan,
  options: Omit<AcquiredOptions, 'degraded'> = {},
): AcquiredGroups {
  const leaves = new Set(plan.groups.map((group) => group.path));
  const made: string[] = [];
  const degraded: Notice[] = [...plan.degraded];
  const all = batches(plan.writes);
  let retries = VANISH_RETRIES;
  try {
    for (let i = 0; i < all.length; i++) {
      const batch = all[i] ?? [];
      const [first] = batch;
      if (first === undefined) continue;
      try {
        if (first.op === 'mkdir' && leaves.has(first.path)) makeRoom(fs, first.path);
        // Owned before it is made: what a strategy does after mkdir can fail too.
        if (first.op === 'mkdir' && !exists(fs, first.path)) made.push(first.path);
        degraded.push(...executeBatch(fs, batch));
      } catch (error) {
        const back = retries-- > 0 ? vanished(fs, all, i, error, leaves) : -1;
        if (back === -1) throw withParent(fs, first, error);
        i = back - 1;
      }
    }
  } catch (error) {
    rollBack(fs, made);
    throw error;
  }
  return new AcquiredGroups(fs, plan.groups, { degraded, ...options });
}

/** The step to go back to when the directory above went away between two steps, else -1. */
function vanished(fs: KernelFs, all: CgroupWrite[][], at: number, error: unknown, leaves: Set<string>): number {
  const failed = all[at]?.[0];
  if (failed === undefined || !(error instanceof ThubanError) || !hasErrno(error.cause, 'ENOENT')) return -1;
  const top = leaves.has(failed.path) ? dirname(failed.path) : failed.path;
  if (exists(fs, top) || !exists(fs, dirname(top))) return -1;
  const back = all.findIndex(([write]) => write?.op === 'mkdir' && write.path === top);
  return back === -1 || back > at ? -1 : back;
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

/** A group of ours that somebody left behind is removed, so that its counters begin at 0 and no old limit stays. */
function makeRoom(fs: KernelFs, path: string): void {
  if (!exists(fs, path)) return;
  if (isPopulated(fs, path))
    throw new ThubanError('TH2011', `the cgroup ${path} exists already and holds processes`, {
      hint: 'stop the container that runs in it, or end its processes',
      details: { path },
    });
  for (const group of subtree(fs, path)) removeIfEmpty(fs, group);
}

/** Only what we made, never what stands beside it: another process may have begun a group under the shared directory. */
function rollBack(fs: KernelFs, made: string[]): void {
  for (const path of made.reverse()) removeIfEmpty(fs, path);
}

function removeIfEmpty(fs: KernelFs, path: string): void {
  try {
    fs.rmdir(path);
  } catch (error) {
    // Another container may have moved in under the shared directory; the sweep at the next start finds the rest.
    if (!hasErrno(error, 'ENOENT', 'EBUSY', 'ENOTEMPTY', 'ENODEV')) throw error;
  }
}
