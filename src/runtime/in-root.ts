import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As the kernel (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Where `path` lies on the host for a program whose root is the folder `root`: its symbolic links mean the program's own root, and `..`
 * stops there. Undefined: it does not exist, or goes round in circles.
 */
export function resolveInRoot(root: string, path: string): string | undefined {
  const waiting = path.split('/');
  let found: string[] = [];
  for (let links = 0; waiting.length > 0;) {
    const name = waiting.shift() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      found.pop();
      continue;
    }
    const here = join(root, ...found, name);
    try {
      if (!lstatSync(here).isSymbolicLink()) {
        found.push(name);
        continue;
      }
      if (++links > MAX_LINKS) return undefined;
      const target = readlinkSync(here);
      if (target.startsWith('/')) found = [];
      waiting.unshift(...target.split('/'));
    } catch {
      return undefined;
    }
  }
  return join(root, ...found);
}
