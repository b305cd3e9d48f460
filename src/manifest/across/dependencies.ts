import type { Diagnostic } from '../../base/index.ts';
import type { LoadedManifest } from '../manifest.ts';
import type { Dependency } from '../supervision.ts';
import type { Absent } from './absent.ts';
import { findingAt, placeIn } from './finding.ts';
import { idOf, type Members } from './members.ts';
import { listOf } from './resources.ts';

/** Every container that is waited for is there, and can become what is waited for. */
export function checkDependencies(loaded: LoadedManifest, all: Members, absent: Absent): Diagnostic[] {
  return Object.entries(loaded.manifest.depends_on ?? {}).flatMap(([name, dependency]) => {
    const other = all.newest(name, dependency.version);
    return other === undefined
      ? (missingDependency(loaded, name, dependency, all, absent) ?? [])
      : (neverComes(loaded, name, dependency, other) ?? []);
  });
}

function missingDependency(
  loaded: LoadedManifest,
  name: string,
  { version: requirement }: Dependency,
  all: Members,
  absent: Absent,
): Diagnostic | undefined {
  const have = all.versionsOf(name).map(({ manifest }) => manifest.version);
  const path = ['depends_on', name];
  const wanted = { name, requirement };
  if (have.length === 0)
    return absent.finding(loaded, path, 'key', wanted, {
      code: 'TH1403',
      message: `\`${name}\` does not exist`,
      hint: `put a container \`${name}\` into the repository, or remove the dependency`,
    });
  return absent.finding(loaded, [...path, 'version'], 'value', wanted, {
    code: 'TH1403',
    message: `no version of \`${name}\` satisfies \`${requirement}\` (${listOf(have)})`,
    hint: `put such a version into the repository, or change the requirement`,
  });
}

/** It is there, but what is waited for cannot happen. */
function neverComes(
  loaded: LoadedManifest,
  name: string,
  { condition }: Dependency,
  other: LoadedManifest,
): Diagnostic | undefined {
  if (other.manifest.init === undefined)
    return findingAt(loaded, ['depends_on', name], 'key', {
      code: 'TH1403',
      message: `\`${name}\` is a resource container, which is never started`,
      hint: `remove the dependency; a mount of type \`resource\` finds its files without one`,
      elsewhere: [placeIn(other, ['name'], 'value', `\`${idOf(other)}\` has no \`init\``)],
    });
  if (condition !== 'healthy' || other.manifest.health !== undefined) return undefined;
  return findingAt(loaded, ['depends_on', name, 'condition'], 'value', {
    code: 'TH1404',
    message: `waits for \`${name}\` to be healthy, but it has no \`health\``,
    hint: `write \`condition: started\`, or add \`health\` to \`${name}\``,
    elsewhere: [placeIn(other, ['name'], 'value', `\`${idOf(other)}\` has no \`health\``)],
  });
}
