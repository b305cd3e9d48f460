import type { ImageFile } from '../base/index.ts';
import type { Attribute } from '../launcher/index.ts';
import type { Manifest, Overlay } from '../manifest/index.ts';
import type { PathFact } from './facts.ts';
import { defaultFolders } from './host-folders.ts';
import { depth, isBelow, type LaunchDraft } from './plan-draft.ts';
import { planNodes } from './plan-devices.ts';
import { inMemory, onDisk } from './plan-kept.ts';
import { planRootContext } from './plan-labels.ts';
import { mappedAttributes } from './plan-users.ts';

/** A root of folders and links only: 1 MiB and 1024 names are plenty, and bound what a container's start can take from the board. */
export const ROOT_SIZE = 1024 * 1024;
export const ROOT_INODES = 1024;
export const READ_ONLY: Attribute[] = ['ro', 'nosuid', 'nodev'];

/** What the root holds before anything is mounted into it: nothing can be made inside of these folders. */
export interface Root {
  provided: string[];
  /** Folder of the host that is the root, or the empty text for a root in memory. */
  image: string;
  /** What it holds is known only at the start: what is missing is made over it. */
  overlay?: true;
  /** Whatever is made in it goes to a layer of its own. */
  writable?: true;
}

export function planRoot(manifest: Manifest, image: ImageFile | undefined, draft: LaunchDraft): Root {
  draft.steps.push({ op: 'propagation' });
  planRootContext(manifest, draft);
  planNodes(manifest, draft);
  const rootfs = manifest.rootfs;
  switch (rootfs?.type) {
    case 'host':
      return { provided: hostRoot(rootfs.folders ?? defaultFolders, manifest, draft), image: '' };
    case 'dir':
      return { ...dirRoot(rootfs.path, manifest, draft), ...planWritable(rootfs, manifest, draft) };
    case 'package':
      return { ...packageRoot(image, true, manifest, draft), ...planWritable(rootfs, manifest, draft) };
    case undefined:
      return packageRoot(image, false, manifest, draft);
  }
}

/** A layer over the root that takes what the container changes. */
function planWritable(
  { overlay, overlay_size: size = ROOT_SIZE }: Overlay,
  manifest: Manifest,
  draft: LaunchDraft,
): Partial<Root> {
  if (overlay === undefined) return {};
  const key = 'rootfs.overlay';
  const upper = overlay === 'tmpfs' ? inMemory(size) : onDisk('root', key, manifest, draft);
  draft.steps.push({ op: 'root_writable', upper, key });
  return { provided: [], writable: true };
}

/** An empty root in memory with the host's folders in it. Links of the host (`/bin` to `usr/bin`) stay links: fewer mounts, same view. */
function hostRoot(folders: readonly string[], manifest: Manifest, draft: LaunchDraft): string[] {
  const key = 'rootfs';
  draft.steps.push({ op: 'root_tmpfs', size: ROOT_SIZE, inodes: ROOT_INODES, key });
  const bound: string[] = [];
  for (const folder of [...folders].sort((a, b) => depth(a) - depth(b))) {
    const found: PathFact = draft.facts.paths[folder] ?? { type: 'directory' };
    if (found.type === 'missing' || bound.some((other) => isBelow(folder, other))) continue;
    if (found.type === 'symlink') {
      draft.steps.push({ op: 'symlink', path: folder, text: found.target ?? '', key });
      continue;
    }
    draft.refuseOwnFolders(folder, key);
    const file = found.type === 'file';
    draft.steps.push({ op: file ? 'mkfile' : 'mkdir', path: folder, mode: file ? 0o644 : 0o755, key });
    const files = { what: folder, path: folder, filesystem: found.filesystem, key };
    const attributes = mappedAttributes(READ_ONLY, files, manifest, draft);
    const how = { attributes, recursive: false, optional: true };
    draft.steps.push({ op: 'bind', source: draft.resolved(folder), target: folder, ...how, key });
    bound.push(folder);
  }
  return bound;
}

function packageRoot(image: ImageFile | undefined, asked: boolean, manifest: Manifest, draft: LaunchDraft): Root {
  if (image !== undefined) {
    const key = asked ? 'rootfs' : 'name';
    if (draft.facts.rootless !== undefined)
      draft.needsRoot('only root may mount the image of a package', key, 'unpack it, and write `rootfs: FOLDER`');
    const files = { what: 'the root', filesystem: 'squashfs', key };
    draft.steps.push({ op: 'root_image', image, attributes: mappedAttributes(READ_ONLY, files, manifest, draft), key });
    return { provided: [], image: '', overlay: true };
  }
  const [message, key] = asked
    ? ['the root filesystem is that of the package, but this manifest did not come in one with an image', 'rootfs']
    : ['the manifest names no root filesystem', 'name'];
  const hint =
    'add `rootfs: host` to see the host’s programs read-only, or `rootfs: /srv/root`, or make a package with `thuban pack`';
  draft.problem('TH3002', message, hint, key);
  return { provided: [], image: '' };
}

function dirRoot(path: string, manifest: Manifest, draft: LaunchDraft): Root {
  draft.refuseOwnFolders(path, 'rootfs');
  const found = draft.facts.paths[path];
  if (found !== undefined && found.type !== 'directory') {
    const what = found.type === 'missing' ? 'does not exist' : 'is not a directory';
    const hint = `mkdir ${path}, or name the directory that holds the container's files`;
    draft.problem('TH3005', `root filesystem \`${path}\` ${what}`, hint, 'rootfs');
  }
  // Its attributes are set when all is mounted; the launcher maps what becomes the root by itself.
  mappedAttributes(READ_ONLY, { what: `\`${path}\``, filesystem: found?.filesystem, key: 'rootfs' }, manifest, draft);
  draft.steps.push({ op: 'root_bind', source: draft.resolved(path), key: 'rootfs' });
  return { provided: ['/'], image: path };
}
