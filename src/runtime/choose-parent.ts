import { join } from 'node:path';
import type { Cleanup } from '../base/index.ts';
import { prepareParent, realKernelFs } from '../cgroups/index.ts';
import { gatherFacts } from './facts.ts';

/**
 * On v2 a group that hands controllers down holds no processes. If our own group holds others than this process (a login shell, say),
 * they are not ours to move: containers then go below the top of the mount. A parent that was named is emptied.
 */
export function chooseParent(wanted: string, cleanup: Cleanup): string {
  const facts = gatherFacts().cgroups;
  if (facts.layout !== 'v2' || facts.unified === undefined) return wanted;
  const { mountpoint, own } = facts.unified;
  const alone = (): boolean => realKernelFs.read(join(mountpoint, own, 'cgroup.procs')).trim() === String(process.pid);
  if (wanted === 'self' && (own === '/' || !alone())) return mountpoint;
  const prepared = prepareParent(realKernelFs, facts, wanted);
  cleanup.defer('cgroup parent', () => {
    prepared.undo();
  });
  return wanted;
}
