import { createHash } from 'node:crypto';
import type { Attribute, Step } from '../launcher/index.ts';
import { MAX_HANDED } from '../launcher/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { isBelow, type LaunchDraft } from './plan-draft.ts';
import { FIRST_HANDED, LONGEST_ADDRESS, type Handed } from './plan-sockets.ts';

/** Where the program finds the folder of its console. It is a folder, so that the socket of a next daemon appears in it. */
export const CONSOLE_TARGET = '/run/thuban';
const FILE = 'console.sock';

/**
 * Permissions of a manifest that no request of this version needs: Northstar's, and some that are to come. A test holds this list against the
 * routes of the console.
 */
export const idlePermissions: readonly string[] = [
  ...['mount', 'umount', 'token_create', 'token_verification', 'doctor', 'metrics'],
];

/** The console of one run. */
export interface PlannedConsole {
  /** Of this container alone: whoever connects to the socket in it is this container. */
  folder: string;
  permissions: 'full' | string[];
}

/** Where all of them lie, each in a folder of its own. */
export function consolesFolder(runDir: string): string {
  return `${runDir}/consoles`;
}

export function consoleFile(folder: string): string {
  return `${folder}/${FILE}`;
}

/** Named by the container, unless the address of the socket became too long. A `~` is in no id. */
function folderOf(runDir: string, id: string): string {
  const folder = `${consolesFolder(runDir)}/${id}`;
  if (Buffer.byteLength(consoleFile(folder)) <= LONGEST_ADDRESS) return folder;
  return `${consolesFolder(runDir)}/~${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
}

/** The connection that the program finds open, as Northstar's programs expect it. */
export function planConsole(
  { console }: Manifest,
  id: string,
  handed: Handed,
  draft: LaunchDraft,
): PlannedConsole | undefined {
  if (console === undefined) return undefined;
  const { permissions } = console;
  const folder = folderOf(draft.runDir, id);
  const file = consoleFile(folder);
  if (Buffer.byteLength(file) > LONGEST_ADDRESS)
    draft.problem('TH1205', `\`${file}\` is longer than ${LONGEST_ADDRESS} bytes`, 'shorten `run_dir`', 'console');
  if (handed.sockets.length >= MAX_HANDED) {
    const message = `\`console\` and ${handed.sockets.length} sockets are more than ${MAX_HANDED} descriptors`;
    draft.problem('TH1205', message, undefined, 'console');
  }
  const idle = permissions === 'full' ? [] : permissions.filter((one) => idlePermissions.includes(one));
  if (idle.length > 0)
    draft.notes.push({ message: `no request needs ${idle.join(', ')} in this version`, key: 'console.permissions' });
  draft.steps.push({ op: 'connect', file, key: 'console' });
  handed.console = FIRST_HANDED + handed.sockets.length;
  return { folder, permissions };
}

/** Without a daemon nobody would answer. */
export function refuseConsole({ console }: Manifest, draft: LaunchDraft): void {
  if (console === undefined) return;
  const message = 'the program wants a console, and only a daemon has one';
  draft.problem('TH6001', message, 'put the manifest into the repository of a daemon, or remove `console`', 'console');
}

/** To connect, the socket's own mode counts, not that of the mount. */
export function consoleMount({ mounts = {} }: Manifest, { folder }: PlannedConsole, draft: LaunchDraft): Step {
  const taken = Object.keys(mounts).find((target) => isBelow(`/${target.replace(/^\/+/, '')}`, CONSOLE_TARGET));
  if (taken !== undefined) {
    const message = `\`${taken}\` and the console, which lies in ${CONSOLE_TARGET}, exclude each other`;
    draft.problem('TH1306', message, 'mount it elsewhere, or remove `console`', `mounts.${taken}`);
  }
  const attributes: Attribute[] = ['ro', 'nosuid', 'nodev', 'noexec'];
  const how = { attributes, recursive: false, optional: false };
  return { op: 'bind', source: folder, target: CONSOLE_TARGET, ...how, key: 'console' };
}
