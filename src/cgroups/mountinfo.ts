import { parseMounts, visibleIn } from './mount-tree.ts';

/** One cgroup mount of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface CgroupMount {
  version: 1 | 2;
  root: string;
  mountpoint: string;
  /** Nothing can be made or written through it. */
  readOnly: boolean;
  /** The super options, the last field: the controllers of a v1 mount stand there. */
  options: string[];
}

/** Mounts of type cgroup and cgroup2 whose path leads to them, in the order of the file. */
export function parseMountinfo(text: string): CgroupMount[] {
  const mounts = parseMounts(text);
  const isVisible = visibleIn(mounts);
  return mounts
    .filter((mount) => (mount.type === 'cgroup' || mount.type === 'cgroup2') && isVisible(mount))
    .map(({ type, root, mountpoint, options, superOptions }) => ({
      version: type === 'cgroup2' ? 2 : 1,
      root,
      mountpoint,
      readOnly: options.includes('ro') || superOptions.includes('ro'),
      options: superOptions,
    }));
}

/**
 * /proc/self/cgroup as a map from controller to group; the v2 group has the key ''. A named hierarchy keeps its
 * `name=`. Only the first two colons separate: a group's own name may hold colons (cgroup_namespaces(7)).
 */
export function parseSelfCgroup(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, controllers = '', path = ''] = match;
    for (const controller of controllers.split(',')) groups.set(controller, path);
  }
  return groups;
}
