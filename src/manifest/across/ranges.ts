import type { Diagnostic } from '../../base/index.ts';
import type { LoadedManifest, Manifest } from '../manifest.ts';
import { findingAt, placeIn } from './finding.ts';
import { idOf } from './members.ts';

type Users = NonNullable<Manifest['user_namespace']>;

/** Ranges of ids that two containers have in common, told at the later one. Versions of one container take turns, so they may share. */
export function checkRanges(loaded: readonly LoadedManifest[]): { at: LoadedManifest; diagnostic: Diagnostic }[] {
  const seen: LoadedManifest[] = [];
  return loaded.flatMap((at) => {
    const { user_namespace: users, name } = at.manifest;
    if (users === undefined) return [];
    const other = seen.find(({ manifest }) => manifest.name !== name && overlap(users, manifest.user_namespace));
    seen.push(at);
    return other === undefined ? [] : { at, diagnostic: told(at, users, other) };
  });
}

function overlap(a: Users, b: Users | undefined): boolean {
  if (b === undefined) return false;
  return (['host_uid', 'host_gid'] as const).some((key) => a[key] < b[key] + b.size && b[key] < a[key] + a.size);
}

function told(at: LoadedManifest, users: Users, other: LoadedManifest): Diagnostic {
  const { user_namespace: theirs = users } = other.manifest;
  const free = Math.max(users.host_uid + users.size, theirs.host_uid + theirs.size);
  return findingAt(
    at,
    ['user_namespace'],
    'key',
    {
      code: 'TH1406',
      message: `\`${idOf(at)}\` and \`${idOf(other)}\` have ids of the board in common: a file of one may belong to a user of the other`,
      hint: `give each a range of its own, for example \`user_namespace: {host_uid: ${free}, host_gid: ${free}}\``,
      elsewhere: [placeIn(other, ['user_namespace'], 'key', 'the same ids')],
    },
    'warning',
  );
}
