import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A root filesystem in a folder: a shell with the libraries that it needs, and empty folders to mount on. */
export function makeImage(folder: string): string {
  const root = join(folder, 'image');
  const listed = spawnSync('ldd', ['/bin/sh'], { encoding: 'utf8' });
  const libraries = listed.stdout.match(/\/\S+/g) ?? [];
  for (const file of ['/bin/sh', ...libraries]) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    copyFileSync(file, join(root, file));
  }
  for (const name of ['proc', 'dev', 'data', 'tmp']) mkdirSync(join(root, name));
  return root;
}
