import type { CgroupFacts } from './facts.ts';
import type { KernelFs } from './kernel-fs.ts';
import { parentDirectory } from './paths.ts';
import type { Group } from './plan-types.ts';
import { childGroups } from './read.ts';

/** The folders that hold all container groups, one in each hierarchy. They need not exist. */
export function topFolders(facts: CgroupFacts, parent: string, top: string): Map<string, Omit<Group, 'path'>> {
  const tops = new Map<string, Omit<Group, 'path'>>();
  for (const [name, controller] of Object.entries(facts.controllers)) {
    const path = `${parentDirectory(parent, controller, facts)}/${top}`;
    const entry = tops.get(path) ?? { controllers: [], version: controller.version };
    entry.controllers.push(name);
    tops.set(path, entry);
  }
  if (facts.unified !== undefined) {
    const path = `${parentDirectory(parent, facts.unified, facts)}/${top}`;
    if (!tops.has(path)) tops.set(path, { controllers: [], version: 2 });
  }
  return tops;
}

/**
 * The container groups that exist below the shared directory, by directory name (`c-name@version`), with one group for
 * each hierarchy. For adoption, and for the sweep at a start: what is here and nobody owns is killed and removed.
 * Nothing outside of `<parent>/<top>` is ever looked at.
 */
export function listGroups(fs: KernelFs, facts: CgroupFacts, parent: string, top: string): Map<string, Group[]> {
  const found = new Map<string, Group[]>();
  for (const [directory, group] of topFolders(facts, parent, top)) {
    for (const path of childGroups(fs, directory)) {
      const name = path.slice(directory.length + 1);
      if (name.startsWith('c-')) found.set(name, [...(found.get(name) ?? []), { ...group, path }]);
    }
  }
  return found;
}
