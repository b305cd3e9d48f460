import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../manifest/index.ts';

/** As the kernel, path_resolution(7). */
const MAX_LINKS = 40;

/**
 * Whether the program of a manifest cannot be found in a root that is to be packed: neither there nor below a mount, which may bring it. Of
 * an archive nothing is said, because it is not unpacked here.
 */
export function lacksInit({ init, mounts = {} }: Manifest, root: string | undefined): boolean {
  const isMounted = (path: string): boolean =>
    Object.keys(mounts).some((target) => `${path}/`.startsWith(`${target.replace(/\/+$/, '')}/`));
  if (init === undefined || !init.startsWith('/') || isMounted(init)) return false;
  if (root === undefined) return true;
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  const waiting = namesOf(init);
  let found: string[] = [];
  for (let links = 0; waiting.length > 0;) {
    const name = waiting.shift() ?? '';
    if (name === '..') {
      found.pop();
      continue;
    }
    const at = [...found, name];
    if (isMounted(`/${at.join('/')}`)) return false;
    const here = join(root, ...at);
    const entry = lstatSync(here, { throwIfNoEntry: false });
    if (entry === undefined) return true;
    if (!entry.isSymbolicLink()) {
      found = at;
      continue;
    }
    if (++links > MAX_LINKS) return true;
    // Links of a root mean the root's own files.
    const target = readlinkSync(here);
    if (target.startsWith('/')) found = [];
    waiting.unshift(...namesOf(target));
  }
  return false;
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
