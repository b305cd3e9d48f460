import { boundedName } from '../cgroups/index.ts';

/** Where a board keeps what is to survive a boot. */
export const DEFAULT_DATA_DIR = '/var/lib/thuban';

/** Where the folders of `persist` mounts lie, each by the name of its container, whatever its version. */
export function persistFolder(dataDir: string): string {
  return `${dataDir}/persist`;
}

/** Where what containers change in their overlays lies. */
export function overlaysFolder(dataDir: string): string {
  return `${dataDir}/overlay`;
}

/** The folder of all versions of a container. */
export function keptName(name: string): string {
  return boundedName(name);
}

/** Which overlay, in the folder of its container. One version's own: over the files of another, what was changed would hide what is new. */
export function overlayName(version: string, what: string): string {
  return boundedName(`${version}@${encodeURIComponent(what).replaceAll('~', '%7E')}`);
}

/** What no container may see of the data directory, as it is that of others. */
export function keptFolders(dataDir: string): string[] {
  return [persistFolder(dataDir), overlaysFolder(dataDir)];
}
