import { readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, hasErrno, messageOf, removeStaleTemps, writeAtomically } from '../base/index.ts';

export interface StateFilesOptions {
  onProblem: (error: ThubanError) => void;
}

const SUFFIX = '.json';
const FULL = ['ENOSPC', 'EDQUOT'] as const;

/**
 * One JSON file per container in a folder on tmpfs, replaced as a whole, so that it survives the death of this process. Only a cache: a
 * damaged file is set aside (TH7008), a folder that takes no more is told once (TH4006), and neither stops anything.
 */
export class StateFiles {
  readonly #folder: string;
  readonly #onProblem: (error: ThubanError) => void;
  #isFailing = false;

  constructor(folder: string, options: StateFilesOptions) {
    this.#folder = folder;
    this.#onProblem = options.onProblem;
    removeStaleTemps(folder);
  }

  /** What is there, by container id. */
  load(): Map<string, unknown> {
    const found = new Map<string, unknown>();
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith(SUFFIX) || name.startsWith('.')) continue;
      const value = this.#read(name);
      if (value !== undefined) found.set(decodeURIComponent(name.slice(0, -SUFFIX.length)), value);
    }
    return found;
  }

  save(id: string, value: unknown): void {
    try {
      writeAtomically(this.#path(id), JSON.stringify(value), { mode: 0o600 });
      this.#isFailing = false;
    } catch (error) {
      this.#tell(error);
    }
  }

  remove(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  #read(name: string): unknown {
    const path = join(this.#folder, name);
    try {
      const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
      decodeURIComponent(name); // a name that we did not make is as good as damaged
      return value;
    } catch (error) {
      this.#setAside(path, error);
      return undefined;
    }
  }

  #setAside(path: string, cause: unknown): void {
    const aside = `${path}.bad`;
    try {
      renameSync(path, aside);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) this.#tell(error);
      return;
    }
    const message = `the state file ${path} was damaged and is kept as ${aside}`;
    this.#onProblem(
      new ThubanError('TH7008', message, { hint: 'only history is lost', details: { path, aside }, cause }),
    );
  }

  /** Once, until a write succeeds again. */
  #tell(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const full = hasErrno(error, ...FULL);
    const message = full
      ? `${this.#folder} is full; what changes from now on is not known to a next daemon`
      : `cannot write to ${this.#folder}: ${messageOf(error)}`;
    const hint = full ? 'free space; it recovers by itself' : 'check the folder and its file system';
    this.#onProblem(new ThubanError('TH4006', message, { hint, details: { folder: this.#folder }, cause: error }));
  }

  /** An id has no `/`, but may hold what a file name should not begin with. */
  #path(id: string): string {
    return join(this.#folder, `${encodeURIComponent(id)}${SUFFIX}`);
  }
}
