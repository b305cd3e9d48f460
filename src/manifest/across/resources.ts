import type { Code, Diagnostic } from '../../base/index.ts';
import type { LoadedManifest } from '../manifest.ts';
import { satisfies } from '../versions.ts';
import type { Absent } from './absent.ts';
import type { Members } from './members.ts';

/** What `checkResources`, and a start, say of files that no container has. `have`: versions of containers of that name with files, newest first. */
export function missingResource(
  name: string,
  requirement: string,
  have: readonly string[],
): { code: Code; message: string; hint: string } {
  return {
    code: 'TH1402',
    message: `no container satisfies \`${name} ${requirement}\` (${listOf(have)})`,
    hint: `put a container \`${name}\` with files of its own into a repository, or change the version`,
  };
}

/** A list of versions for a sentence. */
export function listOf(versions: readonly string[]): string {
  if (versions.length === 0) return 'have none';
  const more = versions.length > MANY ? ` and ${versions.length - MANY} more` : '';
  return `have ${versions.slice(0, MANY).join(', ')}${more}`;
}

const MANY = 8;

/** Every mount of type `resource` finds a container that has files. */
export function checkResources(loaded: LoadedManifest, all: Members, absent: Absent): Diagnostic[] {
  return Object.entries(loaded.manifest.mounts ?? {}).flatMap(([target, mount]) => {
    if (mount.type !== 'resource') return [];
    const { name, version: requirement } = mount;
    const versions = all.versionsOf(name);
    const have = versions.filter(offersFiles).map(({ manifest }) => manifest.version);
    if (have.some((version) => satisfies(version, requirement))) return [];
    const about = versions.length === 0 || have.length === 0 ? 'name' : 'version';
    const said = missingResource(name, requirement, have);
    const label = versions.length > 0 && have.length === 0 ? `\`${name}\` has no files of its own` : undefined;
    const finding = absent.finding(
      loaded,
      ['mounts', target, about],
      'value',
      { name, requirement },
      { ...said, ...(label === undefined ? {} : { label }) },
    );
    return finding ?? [];
  });
}

/** A folder that is its root, or the image that it came with: what others may mount. */
function offersFiles({ manifest, image }: LoadedManifest): boolean {
  return manifest.rootfs?.type === 'dir' || image !== undefined;
}
