import { errnoOf, hasErrno, ThubanError, type Clock } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import { groupPids } from './procs.ts';
import { notOurs } from './refusal.ts';
import { removeGroups } from './remove.ts';
import type { SharedGroups } from './shared-groups.ts';

/** The group above the leaf is not ours to remove. */
const NOTHING_ABOVE: SharedGroups = { made: () => undefined, above: () => [], gone: () => undefined };

/** Makes the group for daemon, launcher and inits, where it is not there yet. */
export function makeLeaf(fs: KernelFs, leaf: string): void {
  try {
    fs.mkdir(leaf);
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return;
    throw notOurs(leaf, error);
  }
}

/** 1 if it moved. A process that ended meanwhile is fine; EINVAL is a task that is still being made: the next round has it. */
export function moveTo(fs: KernelFs, to: string, pid: number): number {
  try {
    fs.write(`${to}/cgroup.procs`, String(pid));
    return 1;
  } catch (error) {
    if (hasErrno(error, 'ESRCH', 'EINVAL')) return 0;
    throw new ThubanError('TH2007', `process ${pid} could not be moved to ${to} (${errnoOf(error) ?? 'unknown'})`, {
      hint: 'run as root, or let systemd delegate the group: `Delegate=yes`',
      details: { path: to, pid },
      cause: error,
    });
  }
}

/**
 * Everything in the leaf goes to another group, and the leaf away. A process in exit is listed no more, but holds its group for a moment still
 * (seen with the launcher under load), so that the removal is tried for a second. Resolves without it when somebody else came to live there.
 */
export async function emptyLeaf(fs: KernelFs, leaf: string, to: string, clock?: Clock): Promise<void> {
  for (const pid of groupPids(fs, leaf)) if (pid !== 0) moveTo(fs, to, pid);
  await removeGroups(fs, [leaf], { shared: NOTHING_ABOVE, ...(clock === undefined ? {} : { clock }) });
}
