import { join } from 'node:path';
import type { ImageFile } from '../base/index.ts';
import { compareVersions, satisfies, type LoadedManifest, type Manifest, type Mount } from '../manifest/index.ts';

/** A container as others may mount its files, whether it can be started itself or not. */
export interface Resource {
  name: string;
  version: string;
  source: { type: 'image'; image: ImageFile } | { type: 'dir'; path: string };
}

export type ResourceMount = Mount & { type: 'resource' };

/** What a container offers to others: the folder that is its root, or the image that it came with. */
export function resourceOf({ manifest, image }: LoadedManifest): Resource | undefined {
  const { name, version, rootfs } = manifest;
  if (rootfs?.type === 'dir') return { name, version, source: { type: 'dir', path: rootfs.path } };
  return image === undefined ? undefined : { name, version, source: { type: 'image', image } };
}

/** Those that a manifest asks for by name, in whatever version: what a plan depends on. */
export function resourcesFor(manifest: Manifest, offered: readonly Resource[]): Resource[] {
  const names = new Set(resourceMounts(manifest).map(([, { name }]) => name));
  return offered.filter(({ name }) => names.has(name));
}

/** Ids of those that a start would use now. */
export function resourcesInUse(manifest: Manifest, offered: readonly Resource[]): string[] {
  const chosen = resourceMounts(manifest).flatMap(([, mount]) => chooseResource(mount, offered) ?? []);
  return [...new Set(chosen.map(resourceId))];
}

export function resourceMounts(manifest: Manifest): [target: string, mount: ResourceMount][] {
  return Object.entries(manifest.mounts ?? {}).filter(
    (entry): entry is [string, ResourceMount] => entry[1].type === 'resource',
  );
}

/** The newest version that satisfies the requirement. */
export function chooseResource(wanted: ResourceMount, offered: readonly Resource[]): Resource | undefined {
  return versionsOf(wanted.name, offered).find(({ version }) => satisfies(version, wanted.version));
}

/** Newest first. */
export function versionsOf(wanted: string, offered: readonly Resource[]): Resource[] {
  return offered.filter(({ name }) => name === wanted).sort((a, b) => compareVersions(b.version, a.version));
}

/** The folder of the host that a mount means in a container whose files lie below `root`, before symbolic links are followed. */
export function folderInside(root: string, mount: ResourceMount): string {
  return join(root, join('/', mount.dir)).replace(/(?<=.)\/$/, '');
}

export function resourceId({ name, version }: Resource): string {
  return `${name}:${version}`;
}
