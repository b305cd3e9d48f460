import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ThubanError, checkTrustedFolder, errnoOf, systemClock, type Clock } from '../../base/index.ts';
import { isRead, loadFile, type FileContent, type FileRules } from './load-file.ts';
import { problemOf } from './rejected.ts';

export interface FolderOptions extends FileRules {
  /** Milliseconds that a file has to stay as it is before it is read. */
  settle: number;
  clock?: Clock;
}

/** What a folder holds, as far as it holds still. */
export interface Look {
  /** Absolute. */
  dir: string;
  /** In the order of their names. */
  files: FileContent[];
  /** Why the folder as a whole is not used. */
  problem?: ThubanError;
  /** Files that change, or came or went just now: what is known of them from before is in force. */
  unsettled: string[];
}

/** One file over time. `stat` is undefined while there is none of this name. */
interface Known {
  content: FileContent | undefined;
  /** Of the file as it was read. */
  read: string | undefined;
  /** How it was seen last, and since when it has been so: milliseconds on a clock that never steps. */
  seen: string | undefined;
  since: number;
}

/** More files than any board has containers. */
const MAX_FILES = 10_000;
/** Looking at so many files takes about a millisecond; then others have their turn. */
const STATS_IN_A_ROW = 100;

/**
 * A folder of manifests that is looked at again and again. A file counts when two looks, `settle` apart, found it unchanged: one that is being
 * written, or is replaced by an editor that removes it first, is left for the next look, and until then its last version is in force. What has
 * not changed is not read again.
 */
export class RepositoryFolder {
  readonly dir: string;
  readonly #options: FolderOptions;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(dir: string, options: FolderOptions) {
    // Before anything is checked, so that `link/..` is the same folder in every step.
    this.dir = resolve(dir);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** `isComplete` answers for files that are seen for the first time; the others have to hold still. */
  async look(isComplete: (file: string, changed: number) => boolean = () => false): Promise<Look> {
    const { dir } = this;
    let names: string[];
    try {
      names = this.#names();
    } catch (error) {
      return { dir, files: [], problem: problemOf(dir, error), unsettled: [] };
    }
    const present = new Set(names);
    const unsettled: string[] = [];
    let count = 0;
    for (const name of [...new Set([...names, ...this.#known.keys()])]) {
      const file = join(dir, name);
      const read = present.has(name) ? await this.#see(name, file, isComplete) : this.#miss(name);
      if (!read.settled) unsettled.push(file);
      if (read.worked || ++count % STATS_IN_A_ROW === 0) await nextTurn();
    }
    const files = [...this.#known]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, { content }]) => (content === undefined ? [] : [content]));
    return { dir, files, unsettled };
  }

  /** Notes how a file is at the moment at which it was changed, so that the next look can tell that it has held still since. */
  note(name: string): void {
    const key = statOf(join(this.dir, name))?.key;
    const known = this.#known.get(name);
    const since = this.#clock.monotonic();
    if (known === undefined && key !== undefined)
      this.#known.set(name, { content: undefined, read: undefined, seen: key, since });
    else if (known !== undefined && known.seen !== key) Object.assign(known, { seen: key, since });
  }

  #names(): string[] {
    checkTrustedFolder(this.dir, this.#options);
    const names = readdirSync(this.dir, { withFileTypes: true })
      .filter((entry) => isRead(entry.name) && !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    if (names.length > MAX_FILES)
      throw new ThubanError('TH1002', `${this.dir} holds ${names.length} manifests, at most ${MAX_FILES} are read`);
    return names;
  }

  async #see(
    name: string,
    file: string,
    isComplete: (file: string, changed: number) => boolean,
  ): Promise<{ settled: boolean; worked: boolean }> {
    const stat = statOf(file);
    const known = this.#known.get(name);
    if (stat === undefined) return this.#miss(name); // it went while we looked
    if (known?.read === stat.key) {
      known.seen = stat.key;
      return { settled: true, worked: false };
    }
    const now = this.#clock.monotonic();
    const entry = known ?? { content: undefined, read: undefined, seen: undefined, since: now };
    this.#known.set(name, entry);
    if (entry.seen !== stat.key) Object.assign(entry, { seen: stat.key, since: now });
    const isStill = now - entry.since >= this.#options.settle;
    if (!isStill && (known !== undefined || !isComplete(file, stat.changed))) return { settled: false, worked: false };
    const content = await loadFile(file, this.#options);
    // What was read is what was seen, or it is being written and read too early.
    const after = statOf(file);
    if (after?.key !== stat.key) {
      Object.assign(entry, { seen: after?.key, since: this.#clock.monotonic() });
      return { settled: false, worked: true };
    }
    Object.assign(entry, { content, read: stat.key });
    return { settled: true, worked: true };
  }

  /** A file that is not there any more: it may be about to come back. */
  #miss(name: string): { settled: boolean; worked: boolean } {
    const known = this.#known.get(name);
    if (known === undefined) return { settled: true, worked: false };
    const now = this.#clock.monotonic();
    if (known.seen !== undefined) Object.assign(known, { seen: undefined, since: now });
    const isGone = known.content === undefined || now - known.since >= this.#options.settle;
    if (isGone) this.#known.delete(name);
    return { settled: isGone, worked: false };
  }
}

/** Everything that the kernel changes when somebody changes a file; `changed` in milliseconds since 1970. */
function statOf(file: string): { key: string; changed: number } | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = lstatSync(file, { bigint: true });
    return { key: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, changed: Number(ctimeNs / 1_000_000n) };
  } catch (error) {
    const errno = errnoOf(error);
    // A file that cannot be looked at cannot be read either, and the reader says why.
    return errno === 'ENOENT' ? undefined : { key: String(errno), changed: 0 };
  }
}
