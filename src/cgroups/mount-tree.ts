/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface MountLine {
  id: string;
  /** The mount that it is mounted on. */
  parent: string;
  root: string;
  mountpoint: string;
  /** Of this mount alone. */
  options: string[];
  type: string;
  /** Of the filesystem, whichever mount shows it. */
  superOptions: string[];
}

/** Every mount, in the order of the file. Lines of another shape are left out. */
export function parseMounts(text: string): MountLine[] {
  const mounts: MountLine[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    // Any number of optional fields stands between the sixth field and a lone hyphen. A mount point may hold a
    // hyphen too, but never as a field of its own before that place.
    const hyphen = fields.indexOf('-', 6);
    if (hyphen === -1) continue;
    const [id = '', parent = '', , root = '', mountpoint = '', options = ''] = fields;
    mounts.push({
      id,
      parent,
      root: unescapeOctal(root),
      mountpoint: unescapeOctal(mountpoint),
      options: listOf(options),
      type: fields[hyphen + 1] ?? '',
      superOptions: listOf(fields[hyphen + 3] ?? ''),
    });
  }
  return mounts;
}

function listOf(text: string): string[] {
  return text.split(',').filter((option) => option !== '');
}

/** The kernel writes blank, tab, newline and backslash as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/**
 * Tells of each mount whether its path leads to it. mountinfo also lists what another mount hides, on the same place or on a folder above: a
 * later mount is one more level on top, and what was mounted below the old one can be reached no more.
 */
export function visibleIn(mounts: readonly MountLine[]): (mount: MountLine) => boolean {
  const ids = new Set(mounts.map(({ id }) => id));
  const at = new Map<string, MountLine[]>();
  for (const mount of mounts) at.set(mount.mountpoint, [...(at.get(mount.mountpoint) ?? []), mount]);
  /** Whether it stands on that mount. In a chroot the file begins with mounts on one that it does not list. */
  const isOn = (mount: MountLine, under: MountLine | undefined): boolean =>
    mount.parent === mount.id || !ids.has(mount.parent)
      ? under === undefined || under.mountpoint === '/'
      : mount.parent === under?.id;
  const top = (path: string): MountLine | undefined => {
    let found: MountLine | undefined;
    const passed = new Set<MountLine>(); // no text, however broken, leads round in a circle
    for (const folder of foldersOf(path)) {
      const next = (): MountLine | undefined =>
        at.get(folder)?.findLast((mount) => !passed.has(mount) && isOn(mount, found));
      for (let mount = next(); mount !== undefined; mount = next()) passed.add((found = mount));
    }
    return found;
  };
  return (mount) => top(mount.mountpoint) === mount;
}

/** `/a/b`: `/`, `/a`, `/a/b`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`)];
}
