import { ThubanError } from '../base/index.ts';
import type { CgroupFacts, ControllerFacts } from './facts.ts';
import type { KernelFs } from './kernel-fs.ts';
import { parentDirectory, type MountFacts } from './paths.ts';
import { readIf } from './read.ts';

/** What has to be writable for groups to be made in a group of v2, and filled (cgroup-v2.rst, "Model of Delegation"). */
const OF_A_DELEGATED_GROUP = ['', '/cgroup.procs', '/cgroup.subtree_control'];

/**
 * What is left for a user who is not root: the controllers below whose parent he may make groups. The names of all others are in
 * `undelegated`. TH2013 for a parent that was named and is not his.
 */
export function onlyDelegated(
  facts: CgroupFacts,
  parent: string,
  { fs, isWritable }: { fs: KernelFs; isWritable: (path: string) => boolean },
): CgroupFacts {
  const { unified, ...others } = facts;
  const directoryOf = (mount: MountFacts): string | undefined => {
    try {
      return parentDirectory(parent, mount, facts);
    } catch (error) {
      if (parent === 'self') return undefined; // its own group is not to be seen here
      throw error;
    }
  };
  const own = (files: readonly string[], directory: string | undefined): boolean =>
    directory !== undefined && files.every((file) => isWritable(directory + file));
  const unifiedParent = unified === undefined ? undefined : directoryOf(unified);
  const isUnifiedOurs = own(OF_A_DELEGATED_GROUP, unifiedParent);
  const handedDown = isUnifiedOurs ? (readIf(fs, `${unifiedParent}/cgroup.controllers`) ?? '').split(/\s+/) : [];
  const controllers: Record<string, ControllerFacts> = {};
  const undelegated = new Set(['devices']);
  for (const [name, controller] of Object.entries(facts.controllers)) {
    const isOurs = controller.version === 2 ? handedDown.includes(name) : own([''], directoryOf(controller));
    if (isOurs) controllers[name] = controller;
    else undelegated.add(name);
  }
  if (parent !== 'self' && !isUnifiedOurs && Object.keys(controllers).length === 0)
    throw new ThubanError('TH2013', `this user may make no groups in the cgroup parent ${parent}`, {
      hint: 'let root give it to you: chown of the folder, and on v2 of its cgroup.procs and cgroup.subtree_control',
      details: { path: parent },
    });
  return { ...others, controllers, ...(isUnifiedOurs ? { unified } : {}), undelegated: [...undelegated] };
}
