import type { OwnIds } from '../launcher/index.ts';
import type { Manifest, UserNamespace } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';

/** `inside`: which ids of the container the first ones are, without it 0 and 0. */
export type PlannedUsers = UserNamespace & { inside?: { uid: number; gid: number } };

/**
 * The manifest as a user without root can have it: with the ids of the board that a start is about in place of those of the manifest. What
 * the kernel leaves to root alone becomes a problem at its key, each of them TH7001.
 */
export function withOwnIds(manifest: Manifest, draft: LaunchDraft): Manifest {
  const { rootless } = draft.facts;
  if (rootless === undefined) return manifest;
  const users = usersOf(manifest, rootless, draft);
  const { user_namespace: _given, ...others } = manifest;
  return { ...others, ...(users === undefined ? {} : { user_namespace: users }) };
}

function usersOf(
  { uid, gid, user_namespace: given }: Manifest,
  own: OwnIds,
  draft: LaunchDraft,
): PlannedUsers | undefined {
  const { subordinate } = own;
  if (given !== undefined) return translated(given, own, draft);
  if (subordinate !== undefined) {
    checkCovered('uid', uid, subordinate.uids.count, draft);
    checkCovered('gid', gid, subordinate.gids.count, draft);
    return undefined;
  }
  // One id of the board is enough for a program with another one inside.
  return uid === 0 && gid === 0 ? undefined : { host_uid: 0, host_gid: 0, size: 1, inside: { uid, gid } };
}

/** Ids of the board as the launcher's namespace has them. */
function translated(given: UserNamespace, { subordinate }: OwnIds, draft: LaunchDraft): PlannedUsers {
  const { host_uid: uid, host_gid: gid, size } = given;
  const [uids, gids] = [subordinate?.uids, subordinate?.gids];
  const covers = (range: typeof uids, first: number): boolean =>
    range !== undefined && first >= range.first && first + size <= range.first + range.count;
  if (covers(uids, uid) && covers(gids, gid))
    return { host_uid: uid - (uids?.first ?? 0) + 1, host_gid: gid - (gids?.first ?? 0) + 1, size };
  const have =
    uids === undefined
      ? 'this user has none beside his own'
      : `those of this user are ${uids.first} to ${uids.first + uids.count - 1} (/etc/subuid)`;
  const message = `only root may map any ids, and ${have}`;
  draft.needsRoot(message, 'user_namespace', 'leave it out: without root a container is in a user namespace anyway');
  return given;
}

/** An id of the board as the launcher has it: the user's own, or one of his subordinate ones. */
export function boardId(kind: 'uid' | 'gid', id: number, key: string, draft: LaunchDraft): number {
  const { rootless } = draft.facts;
  if (rootless === undefined) return id;
  if (id === rootless[kind]) return 0;
  const range = rootless.subordinate?.[`${kind}s`];
  if (range !== undefined && id >= range.first && id < range.first + range.count) return id - range.first + 1;
  draft.needsRoot(`only root may give anything to the ${kind} ${id}`, key, 'leave it out: it is then the program’s');
  return 0;
}

/** The other way round: a group of the launcher as the board has it. */
export function gidOnBoard(gid: number, { facts: { rootless } }: LaunchDraft): number {
  if (rootless === undefined) return gid;
  return gid === 0 ? rootless.gid : (rootless.subordinate?.gids.first ?? 0) + gid - 1;
}

export function checkCovered(key: 'uid' | 'gid' | 'suppl_groups', id: number, count: number, draft: LaunchDraft): void {
  if (id <= count) return;
  const file = key === 'uid' ? '/etc/subuid' : '/etc/subgid';
  const message = `\`${key}\` is ${id}, and this user has subordinate ids for 0 to ${count} (${file})`;
  draft.needsRoot(message, key, `write at most ${count}`);
}

/** Groups can be given up by nobody who has not been given others (user_namespaces(7), setgroups). */
export function keepsGroups({ facts: { rootless } }: LaunchDraft): boolean {
  return rootless !== undefined && rootless.subordinate === undefined;
}

/** What of a manifest takes power over the board, apart from limits, ids and files, which are judged where they are planned. */
export function refuseWithoutRoot(manifest: Manifest, draft: LaunchDraft): void {
  if (draft.facts.rootless === undefined) return;
  const { network, mounts = {}, suppl_groups: groups = [], cgroups } = manifest;
  if (cgroups?.parent !== undefined)
    draft.needsRoot('only root may make groups of that name', 'cgroups.parent', 'leave it out');
  if (typeof network === 'object')
    draft.needsRoot('only root may enter a network namespace of the board', 'network', 'write `none`, or `host`');
  for (const [target, mount] of Object.entries(mounts)) {
    const key = `mounts.${target}`;
    if (mount.type === 'sysfs' && network === 'host')
      draft.needsRoot('only root may mount the sysfs of the board’s network', key, 'bind /sys with the option `rec`');
    if (mount.type === 'device' && !['r', 'w'].every((letter) => mount.access.includes(letter)))
      draft.needsRoot('only root may take access from a device', `${key}.access`, 'write `rw`');
  }
  if (!keepsGroups(draft)) return;
  if (groups.length > 0) draft.needsRoot('only root may give groups to a program', 'suppl_groups', SUBORDINATE);
  draft.notes.push({
    message: 'the program keeps the groups of this user, as he has no subordinate ids',
    key: 'suppl_groups',
  });
}

const SUBORDINATE = 'give this user subordinate ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535';
