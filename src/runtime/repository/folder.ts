import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ThubanError, checkTrustedFolder, diskOf, errnoOf, systemClock, type Clock } from '../../base/index.ts';
import { readKeys, type KeyRing } from './keys.ts';
import { besideOf, isRead, isSlow, loadFile, type FileContent, type FileRules } from './load-file.ts';
import { ReadQueue } from './read-queue.ts';
import { problemOf } from './rejected.ts';

export interface FolderOptions extends FileRules {
  /** Milliseconds that a file has to stay as it is before it is read. */
  settle: number;
  /** Milliseconds that a look waits for files that take long to read. Default: until they are read. */
  patience?: number;
  /** Files of the public keys whose signatures count. */
  keyFiles?: readonly string[];
  clock?: Clock;
}

export type IsComplete = (file: string, changed: number) => boolean;

/** What a folder holds, as far as it holds still. */
export interface Look {
  /** Absolute. */
  dir: string;
  /** In the order of their names. */
  files: FileContent[];
  /** Why the folder as a whole is not used. */
  problem?: ThubanError;
  /** Ids of the keys, when everything in it must be signed by one of them. */
  signers?: ReadonlySet<string>;
  /** Files that change, came or went just now, or are still being read: what is known of them from before is in force. */
  unsettled: string[];
}

/** One file over time. `stat` is undefined while there is none of this name. */
interface Known {
  content: FileContent | undefined;
  /** Of the file as it was read, and by which keys it was judged. */
  read: string | undefined;
  /** Of the file that held still, so that nothing but its turn is waited for. */
  due: string | undefined;
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
 * not changed is not read again, unless the keys have. Packages are hashed beside the looks.
 */
export class RepositoryFolder {
  readonly dir: string;
  readonly #options: FolderOptions;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #queue = new ReadQueue((name) => this.#read(name));
  #ring: KeyRing = { keys: [], edition: '' };
  /** On which the folder lies. */
  #disk = '';

  constructor(dir: string, options: FolderOptions) {
    // Before anything is checked, so that `link/..` is the same folder in every step.
    this.dir = resolve(dir);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** By these rules a package for this folder is judged. @throws ThubanError when folder or keys cannot be used. */
  rules(): FileRules & KeyRing {
    checkTrustedFolder(this.dir, this.#options);
    const { keyFiles, keys = [], owner } = this.#options;
    return { ...this.#options, ...(keyFiles === undefined ? { keys, edition: '' } : readKeys(keyFiles, owner)) };
  }

  /** `isComplete` answers for files that are seen for the first time; the others have to hold still. */
  async look(isComplete: IsComplete = () => false): Promise<Look> {
    const { dir } = this;
    let names: string[];
    try {
      this.#takeRules();
      names = this.#names();
    } catch (error) {
      return { dir, files: [], problem: problemOf(dir, error), unsettled: [], ...this.#signers([]) };
    }
    const present = new Set(names);
    const unsettled = new Set<string>();
    let count = 0;
    for (const name of names) {
      const read = await this.#see(name, isComplete);
      if (!read.settled) unsettled.add(name);
      if (read.worked || ++count % STATS_IN_A_ROW === 0) await nextTurn();
    }
    await this.#queue.done(this.#options.patience);
    // Afterwards: a file that was renamed has been read under its new name by now, or keeps the old one until it is.
    for (const name of [...this.#known.keys()])
      if (!present.has(name) && !this.#miss(name).settled) unsettled.add(name);
    const files = [...this.#known]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, { content }]) => (content === undefined ? [] : [content]));
    return {
      dir,
      files,
      unsettled: [...unsettled].filter((name) => !this.#isSettled(name)).map((name) => join(dir, name)),
      ...this.#signers(this.#ring.keys),
    };
  }

  #signers(keys: KeyRing['keys']): Pick<Look, 'signers'> {
    return this.#options.requireSignature === true ? { signers: new Set(keys.map(({ id }) => id)) } : {};
  }

  /** Files are being read that no look has waited for to the end. */
  get isReading(): boolean {
    return !this.#queue.isIdle;
  }

  /** Resolves when they are read. */
  read(): Promise<void> {
    return this.#queue.done();
  }

  /** Reads nothing any more. */
  close(): void {
    this.#queue.clear();
  }

  /** Notes how a file is at the moment at which it was changed, so that the next look can tell that it has held still since. */
  note(name: string): void {
    const key = this.#statOf(name)?.key;
    const known = this.#known.get(name);
    const since = this.#clock.monotonic();
    if (known === undefined && key !== undefined)
      this.#known.set(name, { content: undefined, read: undefined, due: undefined, seen: key, since });
    else if (known !== undefined && known.seen !== key) Object.assign(known, { seen: key, since });
  }

  /** A file that was put into its place, or taken away, as a whole: the next look need not wait for it. */
  async settle(name: string): Promise<void> {
    const stat = this.#statOf(name);
    if (stat === undefined) {
      this.#known.delete(name);
      return;
    }
    const seen = { seen: stat.key, since: this.#clock.monotonic(), due: stat.key };
    this.#known.set(name, { content: undefined, read: undefined, ...this.#known.get(name), ...seen });
    this.#takeRules();
    await this.#read(name);
  }

  #takeRules(): void {
    this.#ring = this.rules();
    this.#disk = diskOf(String(statSync(this.dir, { bigint: true }).dev));
  }

  #names(): string[] {
    const names = readdirSync(this.dir, { withFileTypes: true })
      .filter((entry) => isRead(entry.name) && !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    if (names.length > MAX_FILES)
      throw new ThubanError('TH1002', `${this.dir} holds ${names.length} manifests, at most ${MAX_FILES} are read`);
    return names;
  }

  async #see(name: string, isComplete: IsComplete): Promise<{ settled: boolean; worked: boolean }> {
    const stat = this.#statOf(name);
    const known = this.#known.get(name);
    if (stat === undefined) return this.#miss(name); // it went while we looked
    if (known?.read === this.#judged(stat.key)) {
      known.seen = stat.key;
      return { settled: true, worked: false };
    }
    const now = this.#clock.monotonic();
    const entry = known ?? { content: undefined, read: undefined, due: undefined, seen: undefined, since: now };
    this.#known.set(name, entry);
    if (entry.seen !== stat.key) Object.assign(entry, { seen: stat.key, since: now });
    const isStill = now - entry.since >= this.#options.settle || entry.due === stat.key;
    if (!isStill && (known !== undefined || !isComplete(join(this.dir, name), stat.changed)))
      return { settled: false, worked: false };
    entry.due = stat.key;
    if (isSlow(name)) {
      this.#queue.add(name);
      return { settled: false, worked: false };
    }
    await this.#read(name);
    return { settled: entry.read === this.#judged(stat.key), worked: true };
  }

  /** Takes the content of a file, unless it has changed since it held still. */
  async #read(name: string): Promise<void> {
    const entry = this.#known.get(name);
    const key = entry?.due;
    if (entry === undefined || key === undefined || this.#statOf(name)?.key !== key) return;
    const read = this.#judged(key);
    const content = await loadFile(join(this.dir, name), { ...this.#options, ...this.#ring });
    // What was read is what was seen, or it is being written and read too early.
    const after = this.#statOf(name);
    if (after?.key === key) Object.assign(entry, { content, read });
    else Object.assign(entry, { seen: after?.key, since: this.#clock.monotonic() });
  }

  #isSettled(name: string): boolean {
    const known = this.#known.get(name);
    return known?.seen !== undefined && known.read === this.#judged(known.seen);
  }

  /** The same file counts as another one when it is judged by other keys, or its disk was out meanwhile. */
  #judged(key: string): string {
    return `${key} ${this.#disk} ${this.#ring.edition}`;
  }

  /** Of a file, together with the one beside it that it is judged by. */
  #statOf(name: string): { key: string; changed: number } | undefined {
    const stat = statOf(join(this.dir, name));
    const beside = besideOf(name);
    const other = stat === undefined || beside === undefined ? undefined : statOf(join(this.dir, beside));
    if (stat === undefined || other === undefined) return stat;
    return { key: `${stat.key} ${other.key}`, changed: Math.max(stat.changed, other.changed) };
  }

  /** It has another name, under which it was not read yet. */
  #isRenamed({ read }: Known): boolean {
    if (read === undefined) return false;
    const identity = identityOf(read);
    return [...this.#known.values()].some(
      ({ seen, read: other }) => seen !== undefined && other !== this.#judged(seen) && identityOf(seen) === identity,
    );
  }

  /** A file that is not there any more: it may be about to come back. */
  #miss(name: string): { settled: boolean; worked: boolean } {
    const known = this.#known.get(name);
    if (known === undefined) return { settled: true, worked: false };
    const now = this.#clock.monotonic();
    if (known.seen !== undefined) Object.assign(known, { seen: undefined, since: now });
    const isOver = now - known.since >= this.#options.settle && !this.#isRenamed(known);
    const isGone = known.content === undefined || isOver;
    if (isGone) this.#known.delete(name);
    return { settled: isGone, worked: false };
  }
}

/** Device and inode, which a file keeps when it is renamed. */
function identityOf(key: string): string {
  return key.split(':', 2).join(':');
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
