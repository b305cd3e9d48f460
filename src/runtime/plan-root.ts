import { ThubanError } from '../base/index.ts';
import type { Attribute, Step } from '../launcher/index.ts';
import type { Manifest, Mount } from '../manifest/index.ts';
import type { Facts, PathFact } from './facts.ts';
import { defaultFolders } from './host-folders.ts';

/** A root of folders and links only: 1 MiB and 1024 names are plenty, and bound what a container's start can take from the board. */
const ROOT_SIZE = 1024 * 1024;
const ROOT_INODES = 1024;
/** Device nodes, and /dev/shm with them. Only touched pages are taken, and they count for the container that touches them. */
const DEV_SIZE = 64 * 1024 * 1024;
const READ_ONLY: Attribute[] = ['ro', 'nosuid', 'nodev'];
const KERNEL_VIEW: Attribute[] = ['ro', 'nosuid', 'nodev', 'noexec'];

export interface RootPlan {
  steps: Step[];
  notes: string[];
}

function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** Whoever can write to the run directory is root on the board, so no container may see it. */
function refuseRunDir(host: string, runDir: string, key: string): void {
  if (!isBelow(host, runDir) && !isBelow(runDir, host)) return;
  throw new ThubanError('TH1211', `host path \`${host}\` holds or lies in Thuban's own run directory \`${runDir}\``, {
    hint: 'mount only the folders that the container needs',
    details: { key },
  });
}

/** The new root and everything mounted into it, outermost first. */
export function planRoot(manifest: Manifest, facts: Facts, runDir: string): RootPlan {
  const steps: Step[] = [{ op: 'propagation' }];
  const notes: string[] = [];
  const rootfs = manifest.rootfs;
  if (rootfs === undefined)
    throw new ThubanError('TH3002', 'the manifest names no root filesystem', {
      hint: 'add `rootfs: host` to see the host’s programs read-only, or `rootfs: /srv/root`',
      details: { key: 'name' },
    });
  if (rootfs.type === 'dir') refuseRunDir(rootfs.path, runDir, 'rootfs');
  const provided =
    rootfs.type === 'host'
      ? hostRoot(rootfs.folders ?? defaultFolders, facts, steps)
      : dirRoot(rootfs.path, facts, steps);
  const mounts = Object.entries(manifest.mounts ?? {}).sort(
    ([a], [b]) => depth(a) - depth(b) || a.localeCompare(b, 'en'),
  );
  const done: string[] = [];
  for (const [target, mount] of mounts) {
    const key = `mounts.${target}`;
    if (mount.type === 'bind') refuseRunDir(mount.host, runDir, `${key}.host`);
    const source = mount.type === 'bind' ? facts.paths[mount.host] : undefined;
    if (mount.type === 'bind' && source?.type === 'missing') {
      if (mount.optional === true) {
        notes.push(`${target} is skipped: ${mount.host} does not exist`);
        continue;
      }
      throw new ThubanError('TH3005', `host path \`${mount.host}\` does not exist`, {
        hint: 'create it, or `optional: true` if it may be missing',
        details: { key: `${key}.host` },
      });
    }
    steps.push(
      ...targetSteps(
        target,
        key,
        source?.type === 'file',
        provided,
        done,
        facts,
        rootfs.type === 'dir' ? rootfs.path : '',
      ),
    );
    steps.push({ ...mountStep(target, mount, manifest), key });
    done.push(target);
  }
  steps.push({ op: 'root_attributes', attributes: READ_ONLY }, { op: 'pivot' });
  return { steps, notes };
}

function depth(path: string): number {
  return path.split('/').length;
}

/** An empty root in memory with the host's folders in it. Links of the host (`/bin` to `usr/bin`) stay links: fewer mounts, same view. */
function hostRoot(folders: readonly string[], facts: Facts, steps: Step[]): string[] {
  const key = 'rootfs';
  steps.push({ op: 'root_tmpfs', size: ROOT_SIZE, inodes: ROOT_INODES, key });
  const bound: string[] = [];
  for (const folder of [...folders].sort((a, b) => depth(a) - depth(b))) {
    const found: PathFact = facts.paths[folder] ?? { type: 'directory' };
    if (found.type === 'missing' || bound.some((other) => isBelow(folder, other))) continue;
    if (found.type === 'symlink') {
      steps.push({ op: 'symlink', path: folder, text: found.target ?? '', key });
      continue;
    }
    steps.push({
      op: found.type === 'file' ? 'mkfile' : 'mkdir',
      path: folder,
      mode: found.type === 'file' ? 0o644 : 0o755,
      key,
    });
    steps.push({
      op: 'bind',
      source: folder,
      target: folder,
      attributes: READ_ONLY,
      recursive: false,
      optional: true,
      key,
    });
    bound.push(folder);
  }
  return bound;
}

function dirRoot(path: string, facts: Facts, steps: Step[]): string[] {
  const found = facts.paths[path];
  if (found !== undefined && found.type !== 'directory')
    throw new ThubanError(
      'TH3005',
      `root filesystem \`${path}\` ${found.type === 'missing' ? 'does not exist' : 'is not a directory'}`,
      {
        hint: `mkdir ${path}, or name the directory that holds the container's files`,
        details: { key: 'rootfs' },
      },
    );
  steps.push({ op: 'root_bind', source: path, key: 'rootfs' });
  return ['/'];
}

/** The steps that make the place to mount on. Nothing is made in a folder of the host or of a read-only image: it must be there. */
function targetSteps(
  target: string,
  key: string,
  file: boolean,
  provided: string[],
  done: string[],
  facts: Facts,
  image: string,
): Step[] {
  if (target === '/') return [];
  const inside = provided.find((folder) => isBelow(target, folder));
  const fresh = done.some((other) => isBelow(target, other));
  if (inside === undefined || fresh)
    return [{ op: file ? 'mkfile' : 'mkdir', path: target, mode: file ? 0o644 : 0o755, key }];
  if (facts.paths[image + target]?.type !== 'missing') return [];
  const where = image === '' ? `the read-only host folder \`${inside}\`` : `the read-only root \`${image}\``;
  throw new ThubanError('TH3004', `mount \`${target}\`: there is no such ${file ? 'file' : 'directory'} in ${where}`, {
    hint:
      image === '' ? 'mount it elsewhere, or leave that folder out of rootfs.folders' : `mkdir -p ${image}${target}`,
    details: { key },
  });
}

function mountStep(target: string, mount: Mount, manifest: Manifest): Step {
  switch (mount.type) {
    case 'bind': {
      const options = new Set((mount.options ?? '').split(',').filter((option) => option !== ''));
      const attributes: Attribute[] = options.has('rw') ? [] : ['ro'];
      for (const name of ['nosuid', 'nodev', 'noexec'] as const) if (options.has(name)) attributes.push(name);
      return {
        op: 'bind',
        source: mount.host,
        target,
        attributes,
        recursive: options.has('rec'),
        optional: mount.optional ?? false,
      };
    }
    case 'tmpfs':
      return { op: 'tmpfs', target, attributes: ['nosuid', 'nodev', 'noexec'], size: mount.size, mode: 0o1777 };
    case 'proc':
      return { op: 'proc', target, attributes: KERNEL_VIEW };
    case 'sysfs':
      return { op: 'sysfs', target, attributes: KERNEL_VIEW };
    case 'dev':
      return { op: 'dev', target, size: DEV_SIZE, proc_links: manifest.mounts?.['/proc']?.type === 'proc' };
  }
}
