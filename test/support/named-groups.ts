import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gatherFacts } from '../../src/runtime/index.ts';

const { cgroups } = gatherFacts();

/** What a manifest may name as its first group, and the leak check finds. */
export const APPS = `thuban-test-${process.pid}`;

/** For `--cgroup-parent`: the top of the mount, in each hierarchy the same. */
export const PARENT = cgroups.controllers['memory']?.mountpoint ?? cgroups.unified?.mountpoint ?? '';

/** That group in each hierarchy that is mounted. */
function everywhere(path: string): string[] {
  const mounts = [...Object.values(cgroups.controllers), ...(cgroups.unified === undefined ? [] : [cgroups.unified])];
  return [...new Set(mounts.map(({ mountpoint }) => join(mountpoint, path)))];
}

/** Where it is, as far as it is there. */
export function present(path: string): string[] {
  return everywhere(path).filter((folder) => existsSync(folder));
}

const NOTES = '/run/thuban-groups';

/** What is noted about that group and those in it. */
export function noted(): string[] {
  if (!existsSync(NOTES)) return [];
  return readdirSync(NOTES).filter((name) => {
    const file = join(NOTES, name);
    const about = lstatSync(file).isSymbolicLink() ? readlinkSync(file) : readFileSync(file, 'utf8');
    return about.includes(APPS);
  });
}

/** A group that an operator has made, in each hierarchy, with a limit of memory. It has to be there at the end, and goes then. */
export async function operators(
  path: string,
  body: (memory: string) => Promise<void>,
  { limit = 256 * 1024 * 1024 }: { limit?: number } = {},
): Promise<void> {
  const folders = everywhere(path);
  for (const folder of folders) mkdirSync(folder);
  try {
    const memory = join(PARENT, path);
    if (cgroups.controllers['memory']?.version === 2) {
      writeFileSync(join(PARENT, 'cgroup.subtree_control'), '+memory');
      put(memory, 'memory.swap.max', 0);
      put(memory, 'memory.max', limit);
    } else for (const file of ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']) put(memory, file, limit);
    await body(memory);
  } finally {
    for (const folder of folders) rmdirSync(folder); // fails where it has been taken away
  }
}

/** A kernel without swap has no file for it. */
function put(group: string, file: string, bytes: number): void {
  try {
    writeFileSync(join(group, file), String(bytes), { flag: 'r+' });
  } catch (error) {
    if (!/swap|memsw/.test(file)) throw error;
  }
}
