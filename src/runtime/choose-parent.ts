import type { Cleanup } from '../base/index.ts';
import {
  SUPERVISOR,
  groupPids,
  isTrueRoot,
  ownDirectory,
  prepareParent,
  realKernelFs,
  type UnifiedFacts,
} from '../cgroups/index.ts';
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
 * shell, say), who are not ours to move. A parent that was named is emptied. Beside v1 hierarchies the v2 tree is prepared in the same way when
 * it has controllers, but nothing moves to another place for its sake.
 */
export function chooseParent({ wanted, ours, outlived }: ParentOptions, cleanup: Cleanup): ParentChoice {
  const { cgroups: facts, rootless } = gatherFacts(undefined, [], { parent: wanted });
  const { unified } = facts;
  if (unified === undefined || (facts.layout !== 'v2' && unified.controllers.length === 0)) return { parent: wanted };
  if (wanted === 'self') {
    const elsewhere = obstacle(unified, ours, outlived);
    // Elsewhere only root may make groups. Here they can be made, though not limited.
    if (elsewhere !== undefined)
      return facts.layout === 'v2' && rootless === undefined ? elsewhere : { parent: wanted };
  }
  const prepared = prepareParent(realKernelFs, facts, wanted);
  cleanup.defer('cgroup parent', () => prepared.undo());
  return { parent: wanted };
}

/** Where containers go when the own group cannot be emptied for them. */
function obstacle(unified: UnifiedFacts, ours: ReadonlySet<number>, outlived: boolean): ParentChoice | undefined {
  const { mountpoint } = unified;
  const own = ownDirectory(unified);
  if (own.endsWith(`/${SUPERVISOR}`)) return undefined;
  if (own === mountpoint && isTrueRoot(realKernelFs, mountpoint)) return { parent: mountpoint };
  if (groupPids(realKernelFs, own).some((pid) => !ours.has(pid)))
    return own === mountpoint
      ? { parent: 'self', note: `others live in ${own}, so that limits of cgroups v2 cannot be set below it` }
      : { parent: mountpoint, note: `others live in ${unified.own}, so containers are put below ${mountpoint}` };
  // systemd puts a unit's process into the unit's own group, which the kernel refuses (EBUSY) once that group hands controllers down.
  if (outlived && process.env['INVOCATION_ID'] !== undefined)
    return {
      parent: mountpoint,
      note: `containers are put below ${mountpoint}: systemd could not start this unit again while they live in ${unified.own}; DelegateSubgroup=${SUPERVISOR} in the unit avoids it (systemd 254)`,
    };
  return undefined;
}
