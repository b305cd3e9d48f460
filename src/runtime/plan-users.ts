import type { Attribute, Namespace } from '../launcher/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { canMapIds, type Filesystem } from './idmap.ts';
import { isBelow, type LaunchDraft } from './plan-draft.ts';
import { checkCovered, gidOnBoard, keepsGroups, type PlannedUsers } from './plan-rootless.ts';

/** What root of the container has no power over if it belongs to the container's user namespace instead of the board's. */
const BELONGING: readonly Namespace[] = ['ipc', 'uts', 'net'];

/** Splits the namespaces of a container into those of the clone itself and those that belong to its user namespace. */
export function planUserNamespace({ user_namespace }: Manifest, all: readonly Namespace[], draft: LaunchDraft): void {
  const users: PlannedUsers | undefined = user_namespace;
  if (users === undefined) {
    draft.steps.push({ op: 'namespaces', namespaces: [...all] });
    return;
  }
  const key = 'user_namespace';
  draft.steps.push(
    { op: 'namespaces', namespaces: all.filter((name) => !BELONGING.includes(name)) },
    {
      op: 'user_namespace',
      uid: users.host_uid,
      gid: users.host_gid,
      size: users.size,
      namespaces: all.filter((name) => BELONGING.includes(name)),
      ...(users.inside === undefined ? {} : { inside: users.inside }),
      key,
    },
  );
  const { user_namespaces: most } = draft.facts;
  if (most === undefined || most > 0) return;
  const [message, hint] =
    most === 0
      ? ['this board allows no user namespaces', 'sysctl user.max_user_namespaces=1000']
      : ['this kernel has no user namespaces', 'build it with CONFIG_USER_NS=y'];
  draft.problem('TH2018', message, hint, key);
}

/** The ids of the board that the program has: what others see, and what its pipes and sockets belong to. */
export function idsOnBoard({ uid, gid, user_namespace }: Manifest): { uid: number; gid: number } {
  const users: PlannedUsers | undefined = user_namespace;
  if (users === undefined) return { uid, gid };
  const { inside = { uid: 0, gid: 0 } } = users;
  return { uid: users.host_uid + uid - inside.uid, gid: users.host_gid + gid - inside.gid };
}

/** After everything that needs power over the board, and before ids and capabilities, which are those of the namespace. */
export function planEntering({ user_namespace: users }: Manifest, draft: LaunchDraft): void {
  if (users === undefined) return;
  const key = 'user_namespace';
  draft.steps.push({ op: 'enter_user_namespace', key }, { op: 'mount_namespace', key });
}

/** A group that the namespace does not have would be refused by the kernel; one of the board it only shares the number with. */
export function checkGroups(
  { user_namespace, suppl_groups: names = [] }: Manifest,
  gids: readonly number[],
  draft: LaunchDraft,
): void {
  const count = draft.facts.rootless?.subordinate?.gids.count;
  const users = user_namespace ?? (count === undefined ? undefined : { host_gid: 0, size: count + 1 });
  if (users === undefined || keepsGroups(draft)) return; // those are refused
  const key = 'suppl_groups';
  for (const gid of gids) {
    if (gid < users.size) continue;
    if (user_namespace === undefined) {
      checkCovered(key, gid, users.size - 1, draft);
      continue;
    }
    const message = `the group ${gid} is not in \`user_namespace\`, which ends at ${users.size - 1}`;
    draft.problem('TH1205', message, 'leave it out, or raise `user_namespace.size`', key);
  }
  for (const name of names) {
    const gid = draft.facts.groups[name];
    if (gid === undefined) continue;
    const message = `\`${name}\` is group ${gid} of the container and ${gidOnBoard(users.host_gid + gid, draft)} of the board: it opens nothing that belongs to the board’s ${name}`;
    draft.notes.push({ message, key });
  }
}

/**
 * The attributes of files that are read-only, with `idmap` where their ids can be those of the container; else they belong to nobody there, which is
 * said. Devices among them would be root's, so there are none: what lies in /dev stays as it is.
 */
export function mappedAttributes(
  attributes: readonly Attribute[],
  files: { what: string; path?: string; filesystem: Filesystem | undefined; key: string },
  { user_namespace: users }: Manifest,
  draft: LaunchDraft,
): Attribute[] {
  const { path = '', filesystem, what, key } = files;
  // Only root may map the ids of what root has mounted.
  const isRootless = draft.facts.rootless !== undefined;
  if (users === undefined || isRootless || !attributes.includes('ro') || isBelow(path, '/dev')) return [...attributes];
  if (filesystem === undefined || canMapIds(filesystem, draft.facts.kernel))
    return [...attributes, ...(attributes.includes('nodev') ? [] : (['nodev'] as const)), 'idmap'];
  const message = `${what} belongs to nobody (65534) in the container: Linux ${draft.facts.kernel} cannot map the ids of ${filesystem}`;
  draft.notes.push({ message, key });
  return [...attributes];
}
