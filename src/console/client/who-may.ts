import { lstatSync, readFileSync } from 'node:fs';

const GROUP_WRITES = 0o020;

/** Who may connect to a socket, by its real owner, group and mode: connect(2) asks for the right to write. */
export function whoMayConnect(path: string): { cause: string; hint: string } {
  const found = lstatOf(path);
  if (found === undefined)
    return { cause: 'permission denied', hint: 'its folder is closed to you: ask as root, with `sudo`' };
  const { uid, gid, mode } = found;
  const [owner, group] = [nameIn('/etc/passwd', uid), nameIn('/etc/group', gid)];
  const octal = (mode & 0o7777).toString(8).padStart(4, '0');
  const cause = `permission denied: owner ${owner}, group ${group}, mode ${octal}`;
  const isForGroup = (mode & GROUP_WRITES) !== 0 && gid !== 0;
  if (!isForGroup)
    return { cause, hint: `only ${uid === 0 ? 'root' : `${owner} and root`} may use it: ask with \`sudo\`` };
  return {
    cause,
    hint: `you are not in the group \`${group}\`: \`sudo usermod -aG ${group} $USER\`, then log in again`,
  };
}

function lstatOf(path: string): { uid: number; gid: number; mode: number } | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // a folder on the way refuses, as it has refused to connect
  }
}

/** passwd(5), group(5): name:password:number:… A number that has no name there, or elsewhere only, is told as it is. */
function nameIn(file: string, id: number): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return String(id); // a board need not have these files
  }
  const line = text.split('\n').find((one) => one.split(':')[2] === String(id));
  return line?.split(':')[0] ?? String(id);
}
