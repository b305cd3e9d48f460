import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, hasErrno, reasonOf, ThubanError } from '../base/index.ts';
import type { KernelFs } from '../cgroups/index.ts';

/** One for the whole board: a daemon and `thuban run` can have containers in the same group, and whoever leaves it last removes it. */
const FOLDER = '/run/thuban-groups';

/** What is about to be made, and what of it is there already, by its identity. */
type Intention = Record<string, string | null>;

export interface Intended {
  /** Those that are not there. */
  missing: string[];
  /** Where it is noted. */
  file: string;
  end: () => void;
}

/** Who makes groups, so that others see whether it lives. Numbers of processes are used again. */
export interface Maker {
  pid: number;
  /** As field 22 of /proc/PID/stat. */
  start: string | undefined;
}

export interface MadeGroupsOptions {
  folder?: string;
  boot?: string;
  maker?: Maker;
}

let count = 0;

/**
 * Which of the groups that manifests name with `cgroups.parent` Thuban has made: these it removes, and never another, whatever is in it. A
 * group that was made has a symbolic link to it, named after its identity, so that a group that somebody else makes at the same path is not taken for
 * it. Whoever dies between making a group and noting it has noted before what it was about to make.
 */
export class MadeGroups {
  readonly #fs: KernelFs;
  readonly #folder: string;
  readonly #boot: string;
  readonly #maker: Maker;
  /** By path: the names of links that were seen. */
  readonly #links = new Map<string, string>();
  #isSettled = false;

  constructor(fs: KernelFs, { folder = FOLDER, boot = bootId(), maker = self() }: MadeGroupsOptions = {}) {
    this.#fs = fs;
    this.#folder = folder;
    this.#boot = boot;
    this.#maker = maker;
  }

  /** Before any of these is made. `end` when they are there and those that were made are noted. */
  intend(paths: readonly string[]): Intended {
    this.settle();
    const intention: Intention = Object.fromEntries(paths.map((path) => [path, this.#identity(path) ?? null]));
    const { pid, start = '0' } = this.#maker;
    const name = `${this.#boot}.begun-${pid}-${start}-${++count}`;
    this.#put(name, (file) => {
      writeFileSync(file, JSON.stringify(intention), { flag: 'wx', mode: 0o600 });
    });
    return {
      missing: paths.filter((path) => intention[path] === null),
      file: join(this.#folder, name),
      end: () => {
        this.#drop(name);
      },
    };
  }

  /** It was not there, and was just made. */
  made(path: string): void {
    const identity = this.#identity(path);
    if (identity === undefined) return; // somebody has removed it at once
    const name = this.#nameOf(identity);
    this.#put(name, (file) => {
      symlinkSync(path, file);
    });
    this.#links.set(path, name);
  }

  has(path: string): boolean {
    const identity = this.#identity(path);
    const name = identity === undefined ? undefined : this.#nameOf(identity);
    if (name === undefined || this.#target(name) !== path) return false;
    this.#links.set(path, name);
    return true;
  }

  /** What notes that these were made, and the folder of all notes. */
  files(paths: readonly string[]): string[] {
    const names = paths.flatMap((path) => this.#links.get(path) ?? []);
    return names.length === 0 ? [] : [...names.map((name) => join(this.#folder, name)), this.#folder];
  }

  /** It is not there any more. */
  gone(path: string): void {
    const name = this.#links.get(path);
    if (name === undefined) return;
    this.#links.delete(path);
    this.#drop(name);
  }

  /** All that are there; those that are not are forgotten. */
  all(): string[] {
    return this.#names().flatMap((name) => {
      const path = name.includes('.begun-') ? undefined : this.#target(name);
      if (path === undefined || this.has(path)) return path ?? [];
      this.#drop(name);
      return [];
    });
  }

  /** Takes over what was noted by processes that died meanwhile, once. */
  settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.all();
    for (const name of this.#names()) {
      const [, pid, start] = /\.begun-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || startOf(Number(pid)) === start) continue;
      // What is there now and was not then, nobody else is likely to have made in that moment; it goes only when it is empty.
      for (const [path, before] of Object.entries(this.#read(name)))
        if ((this.#identity(path) ?? before) !== before && !this.has(path)) this.made(path);
      this.#drop(name);
    }
  }

  #read(name: string): Intention {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as Intention;
    } catch (error) {
      if (error instanceof SyntaxError || hasErrno(error, 'ENOENT')) return {}; // it died while it wrote: nothing was made yet
      throw error;
    }
  }

  #identity(path: string): string | undefined {
    try {
      return this.#fs.stat(path).id;
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  #nameOf(identity: string): string {
    return `${this.#boot}.${identity}`;
  }

  #target(name: string): string | undefined {
    try {
      return readlinkSync(join(this.#folder, name));
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  /** Of this boot: no group outlives one, and the kernel counts them anew. Others go. */
  #names(): string[] {
    try {
      const all = readdirSync(this.#folder);
      const isOfThisBoot = (name: string): boolean => name.startsWith(`${this.#boot}.`);
      for (const name of all) if (!isOfThisBoot(name)) this.#drop(name);
      return all.filter(isOfThisBoot);
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
      throw error;
    }
  }

  #put(name: string, make: (file: string) => void): void {
    try {
      for (let attempt = 0; ; attempt++) {
        makeFolder(this.#folder);
        try {
          make(join(this.#folder, name));
          return;
        } catch (error) {
          if (hasErrno(error, 'EEXIST')) return;
          // Another process has removed the folder when it was empty.
          if (!hasErrno(error, 'ENOENT') || attempt === MAX_ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      if (error instanceof ThubanError) throw error;
      throw new ThubanError('TH7006', `cannot note in ${this.#folder} which cgroups are made: ${reasonOf(error)}`, {
        hint: 'make /run writable, or remove `cgroups.parent`',
        details: { path: this.#folder, key: 'cgroups.parent' },
        cause: error,
      });
    }
  }

  /** What cannot be dropped notes a group that is gone, and no other ever has its identity: the next process tries again. */
  #drop(name: string): void {
    for (const remove of [
      () => {
        unlinkSync(join(this.#folder, name));
      },
      () => {
        rmdirSync(this.#folder);
      },
    ]) {
      try {
        remove();
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
      }
    }
  }
}

const MAX_ATTEMPTS = 16;
const OTHERS_WRITE = 0o022;

/** Whoever could write there could have any group removed that is empty. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
    return;
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
  const found = lstatSync(path);
  if (found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & OTHERS_WRITE) === 0) return;
  throw new ThubanError('TH7006', `${path} is not a folder that only Thuban can write to`, {
    hint: `remove ${path}`,
    details: { path, key: 'cgroups.parent' },
  });
}

function self(): Maker {
  return { pid: process.pid, start: startOf(process.pid) };
}

/** Undefined: it does not live. Its name may have blanks and brackets in it (proc_pid_stat(5)). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
}
