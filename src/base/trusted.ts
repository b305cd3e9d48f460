import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { cwd, geteuid } from 'node:process';
import { ThubanError } from './errors.ts';

/** Who may write to what is trusted, besides root. */
export interface TrustOptions {
  /** A uid. Default: the effective one of this process. */
  owner?: number;
}

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** As many as the kernel follows in one path, path_resolution(7). */
const MAX_LINKS = 40;

/**
 * Checks that nobody but root and `owner` can change what stands in a folder, or put another folder in its place: the folder, every folder
 * above it and every symbolic link on the way must be theirs, and no folder may be writable by others. Group-writable is refused even for
 * group 0: being in it is not being root. An ACL that lets others write shows as the write bit of the group, so it is seen as well.
 *
 * The walk goes down from `/` and looks at each name without following it. What it has passed is out of reach of others, so nothing can be
 * exchanged behind it, and what the path means now is what it means when it is used.
 *
 * @throws ThubanError TH5010 naming the folder or link, what is wrong with it, and what repairs it. Errors of the system as they are, for
 * example ENOENT.
 */
export function checkTrustedFolder(path: string, options: TrustOptions = {}): void {
  const owner = trustedOwner(options);
  const pending = namesOf(isAbsolute(path) ? path : `${cwd()}/${path}`);
  let links = 0;
  let at = '/';
  checkParent(at, lstatSync(at), owner);
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '..') {
      at = dirname(at); // of a path without links, so this is where the kernel goes as well
      continue;
    }
    const next = at === '/' ? `/${name}` : `${at}/${name}`;
    const found = lstatSync(next);
    if (!found.isSymbolicLink()) {
      checkParent(next, found, owner);
      at = next;
      continue;
    }
    // The folder that holds the link has been passed; where that one is sticky, the link's owner could still exchange it.
    checkOwner(next, found, owner);
    if (++links > MAX_LINKS) throw untrusted(path, `leads over more than ${MAX_LINKS} symbolic links`);
    const target = readlinkSync(next);
    pending.unshift(...namesOf(target));
    if (isAbsolute(target)) at = '/';
  }
  checkFolder(at, lstatSync(at));
}

export function trustedOwner(options: TrustOptions): number {
  return options.owner ?? geteuid?.() ?? 0;
}

export function checkOwner(path: string, found: Stats, owner: number): void {
  if (found.uid === 0 || found.uid === owner) return;
  const chown = found.isSymbolicLink() ? 'chown -h' : 'chown';
  const chmod = !found.isSymbolicLink() && (found.mode & OTHERS_WRITE) !== 0 ? ` && chmod go-w ${path}` : '';
  throw untrusted(path, `is owned by uid ${found.uid}`, `${chown} ${owner === 0 ? 'root' : owner} ${path}${chmod}`);
}

export function checkMode(path: string, found: Stats): void {
  if ((found.mode & OTHERS_WRITE) !== 0) throw untrusted(path, writableBy(found), `chmod go-w ${path}`);
}

export function untrusted(path: string, what: string, hint?: string): ThubanError {
  return new ThubanError('TH5010', `\`${path}\` ${what}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { path },
  });
}

/**
 * In a sticky folder such as /tmp others can make names, but neither rename nor remove what is not theirs (inode(7)), and whatever our way
 * passes next must be root's or the owner's: so it may be writable by others. (sshd refuses even these; then nothing below /tmp could be used.)
 */
function checkParent(path: string, found: Stats, owner: number): void {
  if (!found.isDirectory()) throw untrusted(path, 'is not a folder');
  checkOwner(path, found, owner);
  if ((found.mode & STICKY) === 0) checkMode(path, found);
}

/** The folder itself must not be a sticky one either: others could add files to it. */
function checkFolder(path: string, found: Stats): void {
  if ((found.mode & STICKY) !== 0 && (found.mode & OTHERS_WRITE) !== 0)
    throw untrusted(path, writableBy(found), `use a folder below ${path} that only its owner may write`);
}

function writableBy({ mode }: Stats): string {
  const who = (mode & 0o002) === 0 ? 'its group' : 'everybody';
  return `has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, so ${who} may write`;
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
