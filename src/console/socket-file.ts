import { chmodSync, chownSync, linkSync, lstatSync, rmSync, statSync, type Stats } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, isAbsolute, join } from 'node:path';
import { ThubanError, errnoOf, hasErrno, reasonOf } from '../base/index.ts';
import type { ConsoleLog } from './handle-request.ts';
import { isTooLong, LONGEST_PATH } from './socket-path.ts';
import { whoListens } from './who-listens.ts';

export interface SocketSpec {
  /** Absolute, at most 107 bytes. */
  path: string;
  /** Permission bits, for example 0o660. */
  mode: number;
  uid: number;
  gid: number;
}

/**
 * Removes group execute and everything of others: the socket is made before its owner and mode can be set, and must not be open to more than it will
 * be. (0117 is also what Northstar's users know.)
 */
const UMASK = 0o117;

/** The file of a listening socket. It appears with its final owner and mode, and is removed only while it is still ours. */
export class SocketFile {
  readonly #path: string;
  readonly #stat: Stats;

  private constructor(path: string) {
    this.#path = path;
    this.#stat = lstatSync(path);
  }

  /**
   * Lets the server listen at the path. The socket of a daemon that has died is replaced; TH7005 when somebody listens there or another file is
   * in the way, TH7003 when the path cannot be used.
   */
  static async listen(server: Server, spec: SocketSpec, log: ConsoleLog): Promise<SocketFile> {
    const { path } = spec;
    // A name of its own first, for two reasons: nobody meets the socket before chmod, and libuv removes the name it knows when it closes.
    const temporary = join(dirname(path), '.new');
    checkPath(path, temporary);
    checkFolder(path);
    await makeRoom(path, log);
    try {
      removeSocket(temporary);
      await listen(server, temporary);
      chownSync(temporary, spec.uid, spec.gid);
      chmodSync(temporary, spec.mode);
      // Unlike a rename, a link replaces nothing that came in between.
      linkSync(temporary, path);
      return new SocketFile(path);
    } catch (error) {
      server.close();
      throw cannotListen(path, error);
    } finally {
      removeSocket(temporary);
    }
  }

  remove(): void {
    const now = lstatSync(this.#path, { throwIfNoEntry: false });
    if (now?.ino === this.#stat.ino && now.dev === this.#stat.dev) rmSync(this.#path, { force: true });
  }
}

function checkPath(path: string, temporary: string): void {
  const refuse = (message: string): never => {
    throw new ThubanError('TH7003', message, { hint: 'change it under `console.sockets`', details: { path } });
  };
  if (!isAbsolute(path)) refuse(`the path of the socket \`${path}\` is not absolute`);
  if (isTooLong(path) || isTooLong(temporary))
    refuse(`the path of the socket \`${path}\` is longer than ${LONGEST_PATH} bytes`);
}

/** libuv reports EACCES from bind where the folder does not exist. */
function checkFolder(path: string): void {
  try {
    if (statSync(dirname(path)).isDirectory()) return;
  } catch (error) {
    throw cannotListen(path, error);
  }
  throw cannotListen(path, new Error(`${dirname(path)} is not a folder`));
}

async function makeRoom(path: string, log: ConsoleLog): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new ThubanError('TH7005', `cannot listen on ${path}: it is not a socket`, {
      hint: 'remove it, or change the path under `console.sockets`',
      details: { path },
    });
  const other = await whoListens(path);
  if (other !== undefined)
    throw new ThubanError('TH7005', `cannot listen on ${path}: ${other.name} listens there`, {
      hint: 'end it (`thuban shutdown`), or choose another path with --socket',
      details: { path, ...(other.pid === undefined ? {} : { pid: other.pid }) },
    });
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now?.ino === found.ino) rmSync(path, { force: true });
  log('info', 'replaced the socket of a daemon that has died', { socket: path });
}

/** The umask is the process's, so nothing may run between setting it and setting it back; libuv binds within the call. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    const before = process.umask(UMASK);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
}

function removeSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path, { force: true });
}

function cannotListen(path: string, error: unknown): ThubanError {
  const errno = errnoOf(error);
  const why = reasonOf(error);
  const inUse = hasErrno(error, 'EADDRINUSE', 'EEXIST');
  return new ThubanError(inUse ? 'TH7005' : 'TH7003', `cannot listen on ${path}: ${why}`, {
    hint: inUse ? 'another daemon starts here' : 'change it under `console.sockets`',
    details: { path, ...(errno === undefined ? {} : { errno }) },
    cause: error,
  });
}
