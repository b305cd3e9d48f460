import { statSync, watch as watchFolder, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, reasonOf } from '../../base/index.ts';
import { subjectOf } from './load-file.ts';

export interface WatchOptions {
  dirs: readonly string[];
  /** Seconds of quiet after a change. */
  debounce: number;
  /** Seconds between looks that nothing asked for. */
  rescan: number;
  /** Looks, and does what follows of it. Resolves with true when something has not held still, so that another look is due. */
  onDue: () => Promise<boolean>;
  /** Something happened to a file of this name in that folder. */
  onChange: (dir: string, name: string) => void;
  onProblem: (message: string, fields: Record<string, unknown>) => void;
  /** As of node:fs. */
  watch?: typeof watchFolder;
}

/** A folder that changes all the time is looked at all the same, after so many times the debounce. */
const LONGEST_DEBOUNCE = 10;
/** Timers may fire a little early. */
const GRAIN_MS = 10;

/**
 * Notices that folders change. The kernel's word only makes it quick: it is not heard on every file system (overlayfs, network), so all folders
 * are looked at from time to time anyway, and that alone is enough.
 */
export class RepositoryWatch implements Disposable {
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, Place & { watcher: FSWatcher }>();
  readonly #told = new Set<string>();
  #rescan: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The first change that is not looked at yet: milliseconds. */
  #first: number | undefined;
  #looking = false;
  #again = false;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm();
    this.#rescan = setInterval(() => {
      this.#due();
    }, this.#options.rescan * 1000);
    // Between the first look and this moment something may have changed.
    this.#soon();
  }

  /** The kernel tells of changes in this folder. */
  isWatched(dir: string): boolean {
    return this.#watchers.get(dir)?.path === dir;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearInterval(this.#rescan);
    clearTimeout(this.#timer);
    for (const dir of [...this.#watchers.keys()]) this.#disarm(dir);
  }

  #onChange(dir: string, name: string | null): void {
    const subject = name === null ? undefined : subjectOf(name);
    if (subject !== undefined) this.#options.onChange(dir, subject);
    // The folder itself goes by its own name.
    if (name === null || subject !== undefined || name === basename(dir)) this.#soon();
  }

  /** A burst of changes is one look, when it is over. */
  #soon(): void {
    if (this.#closed) return;
    const now = performance.now();
    const wait = this.#options.debounce * 1000 + GRAIN_MS;
    this.#first ??= now;
    const left = Math.max(0, this.#first + LONGEST_DEBOUNCE * wait - now);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#due();
      },
      Math.min(wait, left),
    );
  }

  #due(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#first = undefined;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#again = false;
    // Before the look, so that nothing can change between the two unseen.
    this.#arm();
    void this.#options
      .onDue()
      .catch((error: unknown) => {
        this.#options.onProblem(`cannot look at the repositories: ${reasonOf(error)}`, {});
        return false;
      })
      .then((unsettled) => {
        this.#looking = false;
        if (unsettled || this.#again) this.#soon();
      });
  }

  /** A folder that was removed and made anew is another one, and the old watch hears nothing any more. */
  #arm(): void {
    if (this.#closed) return;
    for (const dir of this.#options.dirs) {
      const place = placeOf(dir);
      if (place?.identity === this.#watchers.get(dir)?.identity) continue;
      this.#disarm(dir);
      if (place === undefined) continue;
      try {
        const watcher = (this.#options.watch ?? watchFolder)(place.path, (_event, name) => {
          if (place.path === dir) this.#onChange(dir, name);
          else if (name === null || name === place.next) this.#soon();
        });
        watcher.on('error', (error) => {
          this.#lost(dir, error);
        });
        this.#watchers.set(dir, { ...place, watcher });
        // It was made in between, which nobody has heard.
        if (place.next !== undefined && placeOf(dir)?.identity !== place.identity) this.#soon();
        this.#told.delete(dir);
      } catch (error) {
        this.#lost(dir, error);
      }
    }
  }

  #disarm(dir: string): void {
    this.#watchers.get(dir)?.watcher.close();
    this.#watchers.delete(dir);
  }

  #lost(dir: string, error: unknown): void {
    this.#disarm(dir);
    if (this.#told.has(dir)) return;
    this.#told.add(dir);
    this.#options.onProblem(`changes in ${dir} are seen only every ${this.#options.rescan} s: ${reasonOf(error)}`, {
      repository: dir,
      errno: errnoOf(error),
    });
  }
}

/** What is watched for a folder. `next`: the entry of it that is waited for. */
interface Place {
  path: string;
  identity: string;
  next?: string;
}

/** The folder itself, or while it is missing the nearest one above in which it will appear. */
function placeOf(dir: string): Place | undefined {
  for (let path = dir, next: string | undefined; ; next = basename(path), path = dirname(path)) {
    const identity = identityOf(path);
    if (identity !== undefined) return { path, identity, ...(next === undefined ? {} : { next }) };
    if (path === dirname(path)) return undefined;
  }
}

/** Undefined: there is no such folder, which the look tells. */
function identityOf(dir: string): string | undefined {
  try {
    const found = statSync(dir, { bigint: true });
    return found.isDirectory() ? `${found.dev}:${found.ino}` : undefined;
  } catch {
    return undefined;
  }
}
