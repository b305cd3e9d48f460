import { statfsSync } from 'node:fs';

/** Its name, or the number that statfs(2) tells. */
export type Filesystem = string;

/** Magic numbers of linux/magic.h, with the first kernel that maps ids of mounts of it (mount_setattr(2)). */
const KNOWN: readonly [magic: number, name: Filesystem, since?: readonly [number, number]][] = [
  [0xef53, 'ext4', [5, 12]],
  [0x4d44, 'vfat', [5, 12]],
  [0x58465342, 'xfs', [5, 12]],
  [0x9123683e, 'btrfs', [5, 15]],
  [0x7366746e, 'ntfs3', [5, 15]],
  [0xf2f52010, 'f2fs', [5, 18]],
  [0xe0f5e1e2, 'erofs', [5, 19]],
  [0x73717368, 'squashfs', [6, 2]],
  [0x01021994, 'tmpfs', [6, 3]],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0x24051905, 'ubifs'],
  [0x72b6, 'jffs2'],
  [0x858458f6, 'ramfs'],
  [0x65735546, 'fuse'],
  [0x01021997, '9p'],
];

/** Undefined: there is no such file. */
export function filesystemOf(path: string): Filesystem | undefined {
  try {
    const { type } = statfsSync(path);
    // A 32-bit kernel may tell it as a negative number.
    const magic = type >>> 0;
    return KNOWN.find(([number]) => number === magic)?.[1] ?? `0x${magic.toString(16)}`;
  } catch {
    return undefined;
  }
}

export function canMapIds(filesystem: Filesystem, kernel: string): boolean {
  const since = KNOWN.find(([, name]) => name === filesystem)?.[2];
  if (since === undefined) return false;
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major > since[0] || (major === since[0] && minor >= since[1]);
}
