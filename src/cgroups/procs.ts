import { hasErrno } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import { flatKeyed, readIf, subtree } from './read.ts';

/**
 * Processes of one group. A threaded v2 group answers EOPNOTSUPP to cgroup.procs; its threads can be signalled as well.
 * The kernel writes 0 for a process of another pid namespace, which has no number here.
 */
export function groupPids(fs: KernelFs, path: string): number[] {
  let text: string | undefined;
  try {
    text = fs.read(`${path}/cgroup.procs`);
  } catch (error) {
    if (hasErrno(error, 'EOPNOTSUPP')) text = readIf(fs, `${path}/cgroup.threads`);
    else if (!hasErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
  return (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Processes of a group and of all groups below, without doubles. */
export function subtreePids(fs: KernelFs, path: string): number[] {
  return [...new Set(subtree(fs, path).flatMap((group) => groupPids(fs, group)))];
}

/** Whether anything alive is in the group or below. A zombie does not count. */
export function isPopulated(fs: KernelFs, path: string): boolean {
  const events = readIf(fs, `${path}/cgroup.events`);
  const populated = events === undefined ? undefined : flatKeyed(events).get('populated');
  return populated === undefined ? subtreePids(fs, path).length > 0 : populated !== 0;
}
