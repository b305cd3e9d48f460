import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, hasErrno, reasonOf, readTrustedFile, removeStaleTemps, writeAtomically } from '../base/index.ts';
import { fileName } from './file-name.ts';

export interface StateFilesOptions {
  onProblem: (error: ThubanError) => void;
  /** Survive a loss of power. Default: false. */
  sync?: boolean;
}

/** A program that ends at once, and a start that fails, are saved once instead of twice. */
const SOON_MS = 20;
const SUFFIX = '.json';
const FULL = ['ENOSPC', 'EDQUOT'] as const;
/** A thousand times what is saved of a container. */
const MAX_BYTES = 1 << 20;

/**
 * One JSON file per container in a folder, replaced as a whole, so that it survives the death of this process. In `run_dir`, a tmpfs, it is
 * gone with the boot. Only a cache: a damaged file is set aside (TH7008), a folder that takes no more is told once (TH4006), and neither
 * stops anything.
 */
export class StateFiles {
  readonly #folder: string;
  readonly #onProblem: (error: ThubanError) => void;
  readonly #sync: boolean;
  #isFailing = false;
  /** What was to be saved soon, by container id. */
  readonly #due = new Map<string, unknown>();
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, options: StateFilesOptions) {
    this.#folder = folder;
    this.#onProblem = options.onProblem;
    this.#sync = options.sync === true;
    this.#guard(() => removeStaleTemps(folder));
  }

  /** What is there, by container id. */
  load(): Map<string, unknown> {
    const entries = this.#guard(() => readdirSync(this.#folder, { withFileTypes: true })) ?? [];
    const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX));
    return new Map(files.flatMap(({ name }) => this.#read(name)));
  }

  /** `value` is what JSON can hold. It is saved a little later, when what is being done now is done, unless another value comes first. */
  saveSoon(id: string, value: unknown): void {
    this.#due.set(id, value);
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, SOON_MS);
  }

  /** Saves what is due. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [id, value] of this.#due) this.save(id, value);
  }

  /** `value` is what JSON can hold. */
  save(id: string, value: unknown): void {
    this.#due.delete(id);
    this.#guard(() => {
      writeAtomically(this.#path(id), JSON.stringify({ container: id, state: value }), {
        mode: 0o600,
        sync: this.#sync,
      });
      this.#isFailing = false;
    });
  }

  remove(id: string): void {
    this.#due.delete(id);
    this.#guard(() => {
      rmSync(this.#path(id), { force: true });
    });
  }

  #read(name: string): [id: string, value: unknown][] {
    const path = join(this.#folder, name);
    try {
      const found: unknown = JSON.parse(readTrustedFile(path, { maxBytes: MAX_BYTES }).toString());
      // A file that was copied or renamed by hand tells of a container that has another one.
      if (isSaved(found) && `${fileName(found.container)}${SUFFIX}` === name) return [[found.container, found.state]];
      this.#setAside(path, undefined);
    } catch (error) {
      // What cannot be read now, for want of descriptors for example, is not damaged.
      if (error instanceof SyntaxError || error instanceof ThubanError) this.#setAside(path, error);
      else this.#tell(error);
    }
    return [];
  }

  #setAside(path: string, cause: unknown): void {
    const aside = `${path}.bad`;
    this.#guard(() => {
      renameSync(path, aside);
      const message = `the state file ${path} was damaged and is kept as ${aside}`;
      this.#onProblem(
        new ThubanError('TH7008', message, { hint: 'only history is lost', details: { path, aside }, cause }),
      );
    });
  }

  #guard<T>(what: () => T): T | undefined {
    try {
      return what();
    } catch (error) {
      this.#tell(error);
      return undefined;
    }
  }

  /** Once, until a write succeeds again. */
  #tell(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const full = hasErrno(error, ...FULL);
    const message = full
      ? `${this.#folder} is full; what changes from now on is not known to a next daemon`
      : `cannot keep the state of containers in ${this.#folder}: ${reasonOf(error)}`;
    const hint = full ? 'free space; it recovers by itself' : 'check the folder and its file system';
    this.#onProblem(new ThubanError('TH4006', message, { hint, details: { folder: this.#folder }, cause: error }));
  }

  #path(id: string): string {
    return join(this.#folder, `${fileName(id)}${SUFFIX}`);
  }
}

function isSaved(value: unknown): value is { container: string; state: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'container' in value &&
    typeof value.container === 'string' &&
    'state' in value
  );
}
