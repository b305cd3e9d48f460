import { hasErrno } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { Group } from './plan-types.ts';
import { subtreePids } from './procs.ts';
import { subtree } from './read.ts';

/** Sends a signal; throws ESRCH for a process that is gone. */
export type Signaller = (pid: number, signal: 'SIGKILL') => void;

/** Kills everything in the groups once. Forks that happen meanwhile are the next round's. */
export function killRound(fs: KernelFs, groups: readonly Group[], signal: Signaller): void {
  const v2 = groups.filter((group) => group.version === 2);
  const v1 = groups.filter((group) => group.version === 1);
  for (const group of v2) if (!cgroupKill(fs, group.path)) frozen(fs, [group], 'cgroup.freeze', ['1', '0'], signal);
  const freezer = v1.filter((group) => group.controllers.includes('freezer'));
  if (freezer.length > 0) frozen(fs, freezer, 'freezer.state', ['FROZEN', 'THAWED'], signal);
  // A process that somebody put into one hierarchy only would keep that one's directory busy.
  killAll(fs, v1, signal);
}

/** cgroup.kill (5.14) takes the whole subtree, forks and frozen ones included. A threaded group answers EOPNOTSUPP. */
function cgroupKill(fs: KernelFs, path: string): boolean {
  return tryWrite(fs, `${path}/cgroup.kill`, '1');
}

/**
 * Frozen, nothing can fork away. A frozen v1 task dies only when it is thawed, and a group below that the container
 * froze itself must be thawed too (runc#2105); so thawing goes through the subtree, deepest first.
 */
function frozen(
  fs: KernelFs,
  groups: readonly Group[],
  file: string,
  [freeze, thaw]: [string, string],
  signal: Signaller,
): void {
  for (const group of groups) tryWrite(fs, `${group.path}/${file}`, freeze);
  try {
    killAll(fs, groups, signal);
  } finally {
    for (const group of groups) for (const path of subtree(fs, group.path)) tryWrite(fs, `${path}/${file}`, thaw);
  }
}

function killAll(fs: KernelFs, groups: readonly Group[], signal: Signaller): void {
  const pids = new Set(groups.flatMap((group) => subtreePids(fs, group.path)));
  for (const pid of pids) {
    // 0 is a process of a foreign pid namespace to the kernel's list, but our own process group to kill(2).
    if (pid <= 1 || pid === process.pid) continue;
    try {
      signal(pid, 'SIGKILL');
    } catch (error) {
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }
}

function tryWrite(fs: KernelFs, path: string, value: string): boolean {
  try {
    fs.write(path, value);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return false;
    throw error;
  }
}
