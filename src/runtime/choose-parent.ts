import { join } from 'node:path';
import type { Cleanup } from '../base/index.ts';
import { SUPERVISOR, prepareParent, realKernelFs } from '../cgroups/index.ts';
import { gatherFacts } from './facts.ts';

export interface ParentChoice {
  parent: string;
  /** Why it is not the one that was asked for. */
  note?: string;
}

export interface ParentOptions {
  /** `self` or an absolute path inside of the cgroup mount. */
  wanted: string;
  /** Processes that may be moved to another group. */
  ours: ReadonlySet<number>;
  /** This process may be started again while its containers live. */
  outlived: boolean;
}

/**
 * On v2 a group that hands controllers down holds no processes. `self` is therefore the group above when this process sits in the leaf
 * `thuban-supervisor` already (systemd: DelegateSubgroup=), and else the own group, emptied into that leaf; unless others live there (a login
 * shell, say), who are not ours to move. A parent that was named is emptied.
 */
export function chooseParent({ wanted, ours, outlived }: ParentOptions, cleanup: Cleanup): ParentChoice {
  const facts = gatherFacts().cgroups;
  if (facts.layout !== 'v2' || facts.unified === undefined) return { parent: wanted };
  const { mountpoint, own } = facts.unified;
  if (wanted === 'self' && !own.endsWith(`/${SUPERVISOR}`)) {
    if (own === '/') return { parent: mountpoint };
    const inGroup = realKernelFs
      .read(join(mountpoint, own, 'cgroup.procs'))
      .split('\n')
      .filter(Boolean);
    if (inGroup.some((pid) => !ours.has(Number(pid))))
      return { parent: mountpoint, note: `others live in ${own}, so containers are put below ${mountpoint}` };
    // systemd puts a unit's process into the unit's own group, which the kernel refuses (EBUSY) once that group hands controllers down.
    if (outlived && process.env['INVOCATION_ID'] !== undefined)
      return {
        parent: mountpoint,
        note: `containers are put below ${mountpoint}: systemd could not start this unit again while they live in ${own}; DelegateSubgroup=${SUPERVISOR} in the unit avoids it (systemd 254)`,
      };
  }
  const prepared = prepareParent(realKernelFs, facts, wanted);
  cleanup.defer('cgroup parent', () => {
    prepared.undo();
  });
  return { parent: wanted };
}
