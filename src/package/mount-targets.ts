import type { Manifest } from '../manifest/index.ts';

/**
 * The folders that mounts need in a root that nobody can write to: every target, and each folder above it, from the top down. A target that
 * the root has already is left as it is, so a single file that is to be covered must be there.
 */
export function foldersOf({ mounts = {} }: Manifest): string[] {
  const paths = new Set<string>();
  for (const target of Object.keys(mounts)) {
    const names = target.split('/').filter((name) => name !== '' && name !== '.');
    for (let length = 1; length <= names.length; length++) paths.add(`/${names.slice(0, length).join('/')}`);
  }
  return [...paths].sort();
}

/** How a path looks in a root. */
export type Entry = 'folder' | 'file' | 'link' | 'missing';

/**
 * Those that have to be made. What lies behind a symbolic link is not followed: links of a root mean its own files, which only the kernel
 * resolves rightly.
 */
export function missingOf(wanted: readonly string[], look: (path: string) => Entry): string[] {
  const closed: string[] = [];
  return wanted.filter((path) => {
    if (closed.some((above) => path.startsWith(`${above}/`))) return false;
    const entry = look(path);
    if (entry === 'link' || entry === 'file') closed.push(path);
    return entry === 'missing';
  });
}
