import { randomBytes } from 'node:crypto';
import {
  fstatSync,
  linkSync,
  lstatSync,
  readFileSync,
  readdirSync,
  renameSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs';
import { constants, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ThubanError, hasErrno, identityOf, type FileIdentity } from '../../base/index.ts';
import { cannotWrite } from './refusals.ts';

/** `.install-<boot>-<pid>-<random>.part`: hidden, so that no look reads it. */
const PART = /^\.install-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.part$/;
/** What packages hold may be nobody else's business. */
const MODE = 0o600;

/** A package on its way into a folder: of a name that nobody reads until it is whole. */
export class PartFile implements AsyncDisposable {
  readonly handle: FileHandle;
  readonly #dir: string;
  readonly #name: string;
  readonly #stats: BigIntStats;
  #isPlaced = false;

  private constructor(handle: FileHandle, dir: string, name: string, stats: BigIntStats) {
    this.handle = handle;
    this.#dir = dir;
    this.#name = name;
    this.#stats = stats;
  }

  /** @throws ThubanError TH4006, TH5015 */
  static async create(dir: string): Promise<PartFile> {
    const name = `.install-${bootId()}-${process.pid}-${randomBytes(6).toString('hex')}.part`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    try {
      const handle = await open(join(dir, name), flags, MODE);
      return new PartFile(handle, dir, name, fstatSync(handle.fd, { bigint: true }));
    } catch (error) {
      throw cannotWrite(dir, error);
    }
  }

  /** Its bytes, when all of them are on the disk. */
  async written(): Promise<number> {
    try {
      await this.handle.sync();
    } catch (error) {
      throw cannotWrite(this.#dir, error); // file systems that allocate late are full only now
    }
    return (await this.handle.stat()).size;
  }

  /** @throws ThubanError TH5007 when there is a file of this name. */
  checkFree(name: string): void {
    const path = join(this.#dir, name);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw nameTaken(path);
  }

  /**
   * Gives it its name. What stands there already stays. Returns why the hidden name is there as well, when it could not be removed.
   *
   * @throws ThubanError TH5007 when there is a file of this name.
   */
  place(name: string): unknown {
    const [from, to] = [join(this.#dir, this.#name), join(this.#dir, name)];
    try {
      linkSync(from, to); // refuses a name that is taken, which a rename replaces
    } catch (error) {
      if (hasErrno(error, 'EEXIST')) throw nameTaken(to);
      // File systems without hard links, vfat for one.
      if (!hasErrno(error, 'EPERM', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS')) throw cannotWrite(this.#dir, error);
      this.checkFree(name);
      rename(this.#dir, from, to);
      this.#isPlaced = true;
      return undefined;
    }
    this.#isPlaced = true;
    try {
      unlinkSync(from);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  /** Whether the file of this name is still this one. */
  isAt(name: string): boolean {
    const found = lstatSync(join(this.#dir, name), { bigint: true, throwIfNoEntry: false });
    return found?.dev === this.#stats.dev && found.ino === this.#stats.ino;
  }

  /** What file it is from then on, when its name is on the disk as well. Nothing can be written any more: a start wants no writer. */
  async identity(): Promise<FileIdentity> {
    await syncFolder(this.#dir);
    const identity = identityOf(await this.handle.stat({ bigint: true }));
    await this.handle.close();
    return identity;
  }

  /** Without a name of its own, nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isPlaced) removeIfThere(join(this.#dir, this.#name));
    await this.handle.close(); // which may be done twice
  }
}

/** The new name, or that there is none any more, is on the disk only when the folder is. */
export async function syncFolder(dir: string): Promise<void> {
  await using handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

/**
 * Removes what a daemon left that was killed while a package arrived. Gives the names. Those of a daemon that lives are not touched: another one
 * may use this folder as well.
 */
export function removeParts(dir: string): string[] {
  return readdirSync(dir).filter((name) => {
    const [, boot, pid] = PART.exec(name) ?? [];
    if (boot === undefined || (boot === bootId() && isAnother(Number(pid)))) return false;
    removeIfThere(join(dir, name));
    return true;
  });
}

function rename(dir: string, from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw cannotWrite(dir, error);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

function isAnother(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}

function nameTaken(path: string): ThubanError {
  return new ThubanError('TH5007', `there is a file \`${path}\` already`, {
    hint: 'raise the version, or uninstall that one first',
    details: { path },
  });
}

/** A pid says nothing across boots. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
}
