import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { missingOf, type Entry } from './mount-targets.ts';

/** Which folders for mounts a root has not. */
export function missingInFolder(root: string, wanted: readonly string[]): string[] {
  return missingOf(wanted, (path): Entry => {
    const found = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (found === undefined) return 'missing';
    if (found.isDirectory()) return 'folder';
    return found.isSymbolicLink() ? 'link' : 'file';
  });
}
