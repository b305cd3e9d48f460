/** One cgroup mount of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface CgroupMount {
  version: 1 | 2;
  root: string;
  mountpoint: string;
  /** The super options, the last field: the controllers of a v1 mount stand there. */
  options: string[];
}

/** Mounts of type cgroup and cgroup2, in the order of the file. Lines that are something else are left out. */
export function parseMountinfo(text: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    // Any number of optional fields stands between the sixth field and a lone hyphen. A mount point may hold a
    // hyphen too, but never as a field of its own before that place.
    const hyphen = fields.indexOf('-', 6);
    if (hyphen === -1) continue;
    const type = fields[hyphen + 1];
    const root = fields[3];
    const mountpoint = fields[4];
    if ((type !== 'cgroup' && type !== 'cgroup2') || root === undefined || mountpoint === undefined) continue;
    mounts.push({
      version: type === 'cgroup2' ? 2 : 1,
      root: unescapeOctal(root),
      mountpoint: unescapeOctal(mountpoint),
      options: (fields[hyphen + 3] ?? '').split(',').filter((option) => option !== ''),
    });
  }
  return mounts;
}

/** The kernel writes blank, tab, newline and backslash as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
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
