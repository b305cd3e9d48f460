import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, hasErrno, reasonOf, systemClock, type Clock } from '../base/index.ts';
import { LogStore } from './container-log.ts';
import { fileName } from './file-name.ts';

export { LogStore } from './container-log.ts';

/** Sizes in bytes, counted with the time and stream that stand before each line. */
export interface LogLimits {
  /** Of one file, at least 512. */
  size: number;
  /** Of one container, at least 1. */
  files: number;
  /** The longest line that is told as one, at least 4. */
  max_line: number;
  /** Lines a second of one container. */
  rate: number;
  /** Of all containers together. */
  total_size: number;
}

export interface LogStoresOptions {
  clock?: Clock;
  /** TH4006, once for as long as something cannot be written. */
  onProblem?: (error: ThubanError) => void;
  /** How many lines of a container were not kept because it wrote too fast (TH4008). */
  onDropped?: (id: string, lines: number) => void;
}

const SCRATCH = 262_144;
const MIN_SIZE = 512;

/**
 * The logs of all containers, a folder each, on a tmpfs that survives the daemon. All of them together take `total_size` at most: each may use
 * the same share of it.
 */
export class LogStores {
  readonly #folder: string;
  readonly #limits: LogLimits;
  readonly #options: LogStoresOptions;
  readonly #open = new Map<string, LogStore>();
  readonly #failing = new Set<string>();
  readonly #scratch: Buffer;

  constructor(folder: string, limits: LogLimits, options: LogStoresOptions = {}) {
    this.#folder = folder;
    this.#limits = limits;
    this.#options = options;
    this.#scratch = Buffer.alloc(SCRATCH);
  }

  /** The log of a container, with what an earlier daemon wrote. The same one while it is open. */
  open(id: string): LogStore {
    const found = this.#open.get(id);
    if (found !== undefined && !found.isClosed) return found;
    for (const [other, store] of this.#open) if (store.isClosed) this.#forget(other);
    const limit = this.#share(this.#open.size + 1);
    for (const store of this.#open.values()) store.restrict(limit);
    const store = new LogStore({
      folder: join(this.#folder, fileName(id)),
      limit,
      maxLine: this.#limits.max_line,
      rate: this.#limits.rate,
      clock: this.#options.clock ?? systemClock,
      scratch: this.#scratch,
      onWrite: (error) => {
        this.#onWrite(id, error);
      },
      onDropped: (lines) => this.#options.onDropped?.(id, lines),
    });
    this.#open.set(id, store);
    return store;
  }

  /** Closes and deletes the log of a container. */
  remove(id: string): void {
    this.#open.get(id)?.close();
    this.#forget(id);
    this.#delete(fileName(id));
    const limit = this.#share(this.#open.size);
    for (const store of this.#open.values()) store.restrict(limit);
  }

  /** Deletes the logs of containers that are not among `keep` and not open. */
  sweep(keep: Set<string>): void {
    const kept = new Set([...keep, ...this.#open.keys()].map(fileName));
    let found: string[] = [];
    try {
      const entries = readdirSync(this.#folder, { withFileTypes: true });
      found = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) this.#tell(error);
    }
    for (const name of found) if (!kept.has(name)) this.#delete(name);
  }

  #forget(id: string): void {
    this.#open.delete(id);
    this.#failing.delete(id);
  }

  #delete(name: string): void {
    try {
      rmSync(join(this.#folder, name), { recursive: true, force: true });
    } catch (error) {
      this.#tell(error);
    }
  }

  #share(stores: number): { size: number; files: number } {
    const { size, files, total_size: total } = this.#limits;
    return { size: Math.max(MIN_SIZE, Math.min(size, Math.floor(total / Math.max(1, stores) / files))), files };
  }

  /** A full disk is one problem, however many logs stand on it. */
  #onWrite(id: string, error: unknown): void {
    if (error === undefined) {
      this.#failing.delete(id);
      return;
    }
    const isFirst = this.#failing.size === 0;
    this.#failing.add(id);
    if (isFirst) this.#tell(error);
  }

  #tell(error: unknown): void {
    const isFull = hasErrno(error, 'ENOSPC', 'EDQUOT');
    const message = isFull
      ? `${this.#folder} is full, so what containers write is not kept`
      : `cannot write the logs in ${this.#folder}: ${reasonOf(error)}`;
    const hint = isFull ? 'free space; it recovers by itself' : 'check the folder and its file system';
    this.#options.onProblem?.(
      new ThubanError('TH4006', message, { hint, details: { folder: this.#folder }, cause: error }),
    );
  }
}
