import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { hasErrno } from './errors.ts';

export interface AtomicWriteOptions {
  /** Permission bits of the new file, whatever the umask. */
  mode: number;
  /** Survive a loss of power; without it, only the death of this process. Default: false. */
  sync?: boolean;
}

/** `.NAME.<pid>-<number>.thuban-temp`: hidden, no `*.yaml`, and nobody else's. */
const TEMP = /^\..*\.(\d+)-[0-9a-f]{12}\.thuban-temp$/;
/** The longest name that a folder takes, NAME_MAX, without what a temporary file adds to it. */
const MAX_BASE_BYTES = 200;

/**
 * Replaces a file as a whole: whoever reads sees the old content or the new one, also after a crash. A symbolic link at `path` is replaced, not
 * followed. On failure the old file is as it was, and what was begun is gone; only when the last step of `sync` fails the new one is there
 * without a promise that it stays.
 *
 * @throws the error of the system that said no.
 */
export function writeAtomically(path: string, data: string | Uint8Array, options: AtomicWriteOptions): void {
  const temp = tempFor(path);
  const fd = create(temp, options);
  try {
    try {
      fchmodSync(fd, options.mode);
      writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data);
      if (options.sync === true) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    discard(temp);
    throw error;
  }
  if (options.sync === true) syncFolder(dirname(path));
}

/** The same for what is too large for memory, or comes bit by bit: `fill` writes it to the descriptor. */
export async function writeAtomicallyWith(
  path: string,
  options: AtomicWriteOptions,
  fill: (fd: number) => Promise<void>,
): Promise<void> {
  const temp = tempFor(path);
  const fd = create(temp, options);
  try {
    try {
      fchmodSync(fd, options.mode);
      await fill(fd);
      if (options.sync === true) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    discard(temp);
    throw error;
  }
  if (options.sync === true) syncFolder(dirname(path));
}

/** Where this process begins to count is random, so that a later one with its pid does not meet what it left. */
let serial = randomBytes(6).readUIntBE(0, 6);

function tempFor(path: string): string {
  const base = Buffer.from(basename(path)).subarray(0, MAX_BASE_BYTES).toString();
  serial = (serial + 1) % 2 ** 48;
  return join(dirname(path), `.${base}.${process.pid}-${serial.toString(16).padStart(12, '0')}.thuban-temp`);
}

function create(temp: string, { mode }: AtomicWriteOptions): number {
  return openSync(temp, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
}

function discard(temp: string): void {
  try {
    unlinkSync(temp);
  } catch {
    // The first error is the one to tell, and `removeStaleTemps` finds the file by its name.
  }
}

/**
 * Removes what writers left that were killed between the first byte and the rename. Files of processes that live are kept; so is one whose pid
 * was given to another process, until that one has ended. Returns the names of what it removed.
 */
export function removeStaleTemps(folder: string): string[] {
  return readdirSync(folder).filter((name) => {
    const pid = Number(TEMP.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) return false;
    try {
      unlinkSync(join(folder, name));
      return true;
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false;
      throw error;
    }
  });
}

function writeAll(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done, data.length - done);
}

/** The new name is on the disk only when its folder is. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}
