import { MAX_HANDED } from '../launcher/index.ts';
import type { Manifest, Socket } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { boardId } from './plan-rootless.ts';
import { idsOnBoard } from './plan-users.ts';

/** sockaddr_un holds 108 bytes with the NUL (unix(7)); the name alone is bound, from inside of its folder. */
export const LONGEST_ADDRESS = 107;
/** As listen(2) had it for long, and more than wait for one program at once. */
const BACKLOG = 128;
/** The first descriptor after the standard streams. */
export const FIRST_HANDED = 3;

/** Descriptors that the program finds open, by what they are for. */
export interface Handed {
  sockets: { name: string; fd: number; listens: boolean }[];
  console?: number;
}

/** Where all containers' sockets lie, for who mounts them. */
export function socketsFolder(runDir: string): string {
  return `${runDir}/sockets`;
}

/** Northstar's file names, `CONTAINER:VERSION:SOCKET`; a run beside others has names of its own. */
export function socketName(id: string, name: string): string {
  return `${id}:${name}`;
}

/**
 * Sockets of the manifest, to be made before the root is: then the host's folders can still be seen. */
export function planSockets(manifest: Manifest, id: string, draft: LaunchDraft): Handed {
  const all = Object.entries(manifest.sockets ?? {});
  const handed: Handed = { sockets: [] };
  if (all.length > MAX_HANDED)
    draft.problem('TH1205', `\`sockets\` has ${all.length} entries, at most ${MAX_HANDED}`, undefined, 'sockets');
  for (const [name, socket] of all) {
    const key = `sockets.${name}`;
    const file = socketName(id, name);
    const length = Buffer.byteLength(file);
    if (length > LONGEST_ADDRESS) {
      const message = `the file of the socket, \`${file}\`, has ${length} bytes, and an address of a socket at most ${LONGEST_ADDRESS}`;
      draft.problem('TH1205', message, `shorten the name by ${length - LONGEST_ADDRESS}`, key);
    }
    draft.steps.push({
      op: 'socket',
      folder: socketsFolder(draft.runDir),
      name: file,
      ...ownerOf(socket, manifest, key, draft),
      key,
    });
    handed.sockets.push({ name, fd: FIRST_HANDED + handed.sockets.length, listens: socket.type !== 'datagram' });
  }
  return handed;
}

/** What the manifest writes are ids of the board: a socket is there for others. */
function ownerOf(
  { type, mode, uid, gid, passcred = false }: Socket,
  manifest: Manifest,
  key: string,
  draft: LaunchDraft,
) {
  const own = idsOnBoard(manifest);
  return {
    type,
    mode,
    uid: uid === undefined ? own.uid : boardId('uid', uid, `${key}.uid`, draft),
    gid: gid === undefined ? own.gid : boardId('gid', gid, `${key}.gid`, draft),
    passcred,
  };
}

/** As the program's own user: that is who its clients are told that they talk to. */
export function planListening({ sockets }: Handed, draft: LaunchDraft): void {
  for (const { name, fd, listens } of sockets)
    if (listens) draft.steps.push({ op: 'listen', index: fd - FIRST_HANDED, backlog: BACKLOG, key: `sockets.${name}` });
}

export function handedEnvironment({ sockets, console }: Handed, prefix: string): Record<string, string> {
  return {
    ...(console === undefined ? {} : { [`${prefix}_CONSOLE`]: String(console) }),
    ...Object.fromEntries(sockets.map(({ name, fd }) => [`${prefix}_SOCKET_${name}`, String(fd)])),
  };
}
