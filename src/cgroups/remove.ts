import { dirname } from 'node:path/posix';
import { errnoOf, hasErrno, systemClock, type Clock } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import { subtreePids } from './procs.ts';
import { exists, subtree } from './read.ts';
import type { SharedGroups } from './shared-groups.ts';
import { tasksOf, type Task } from './tasks.ts';

/** A directory that could not be removed: to be shown and tried again later, never a reason to stop. */
export interface Leftover {
  path: string;
  errno: string;
  /** What still lives in it, as far as can be seen. */
  pids: number[];
  /** What there is to say about them. */
  tasks: Task[];
}

/** Milliseconds between the rounds, about one second in all. A process in exit, not yet a zombie, still holds its group. */
const PAUSES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/**
 * Removes the groups with everything below them, in every hierarchy even if one refuses, then what they shared with others and is empty by now:
 * without `shared` the directory above. `left`: those that are still there. Resolves to what stays.
 */
export async function removeGroups(
  fs: KernelFs,
  paths: readonly string[],
  {
    clock = systemClock,
    shared,
    left: there = paths,
  }: { clock?: Clock; shared?: SharedGroups; left?: readonly string[] } = {},
): Promise<Leftover[]> {
  let left = [...there];
  let failures = new Map<string, string>();
  for (const pause of [0, ...PAUSES]) {
    if (left.length === 0) break;
    if (pause > 0) await clock.sleep(pause);
    failures = new Map();
    left = left.filter((path) => {
      const errno = removeTree(fs, path);
      if (errno !== undefined) failures.set(path, errno);
      return errno !== undefined;
    });
  }
  removeShared(fs, shared === undefined ? sharedBy(paths) : shared.above(paths), shared);
  return left.map((path) => {
    const pids = pidsOf(fs, path);
    return { path, errno: failures.get(path) ?? 'EBUSY', pids, tasks: tasksOf(fs, pids) };
  });
}

/** Any container that is left keeps them, and that is right. */
export function removeShared(fs: KernelFs, paths: readonly string[], shared?: SharedGroups): void {
  for (const path of paths) if (tryRmdir(fs, path) === undefined) shared?.gone(path);
}

/** What all containers share, so that any that is left keeps it. */
function sharedBy(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => dirname(path)))];
}

/** Depth first. The errno of the first directory that stays, or undefined. */
function removeTree(fs: KernelFs, path: string): string | undefined {
  let first: string | undefined;
  let groups: string[];
  // The usual case is one directory: no walk is needed to find out.
  const simple = tryRmdir(fs, path);
  if (simple === undefined) return undefined;
  try {
    groups = subtree(fs, path);
  } catch (error) {
    return errnoOf(error) ?? 'EIO';
  }
  if (groups.length === 1) return simple;
  for (const group of groups) {
    const errno = tryRmdir(fs, group);
    first ??= errno;
  }
  return first;
}

function tryRmdir(fs: KernelFs, path: string): string | undefined {
  try {
    fs.rmdir(path);
    return undefined;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return undefined;
    // A read-only mount answers EROFS even for what does not exist (runc#4518).
    if (hasErrno(error, 'EROFS') && !exists(fs, path)) return undefined;
    return errnoOf(error) ?? 'EIO';
  }
}

function pidsOf(fs: KernelFs, path: string): number[] {
  try {
    return subtreePids(fs, path);
  } catch {
    // Only for the report; the directory itself is reported in any case.
    return [];
  }
}
