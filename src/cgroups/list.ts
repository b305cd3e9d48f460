import { basename } from 'node:path/posix';
import type { CgroupFacts } from './facts.ts';
import type { KernelFs } from './kernel-fs.ts';
import { below, parentDirectory } from './paths.ts';
import type { Group } from './plan-types.ts';
import { childGroups, exists } from './read.ts';

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
 * Nothing outside of `<parent>/<top>` is looked at.
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

/**
 * The same where manifests have put their containers with `cgroups.parent`, by the path from the top of the mount: in groups that were made for it
 * whatever has the name of a container's group, elsewhere only what is known. There an operator has groups of his own.
 */
export function listGroupsElsewhere(
  fs: KernelFs,
  facts: CgroupFacts,
  { made, known }: { made: readonly string[]; known: readonly string[] },
): Map<string, Group[]> {
  const paths = new Set([
    ...known.filter((path) => exists(fs, path)),
    ...made.flatMap((path) => childGroups(fs, path)),
  ]);
  const found = new Map<string, Group[]>();
  for (const path of paths) {
    const place = isGroupName(basename(path)) ? placeOf(facts, path) : undefined;
    if (place === undefined) continue;
    const { mountpoint, ...group } = place;
    const key = path.slice(mountpoint.length + 1);
    found.set(key, [...(found.get(key) ?? []), group]);
  }
  return found;
}

/** See `groupName`. */
function isGroupName(name: string): boolean {
  return /^c-.+[@~]./.test(name);
}

/** Undefined: it is in no mount. */
function placeOf({ controllers, unified }: CgroupFacts, path: string): (Group & { mountpoint: string }) | undefined {
  const all = [...Object.values(controllers), ...(unified === undefined ? [] : [{ ...unified, version: 2 as const }])];
  const [mount] = all
    .filter(({ mountpoint }) => below(mountpoint, path) !== undefined)
    .sort((a, b) => b.mountpoint.length - a.mountpoint.length);
  if (mount === undefined) return undefined;
  const { mountpoint, version } = mount;
  const names = Object.keys(controllers).filter((name) => controllers[name]?.mountpoint === mountpoint);
  return { controllers: names, version, path, mountpoint };
}
