import { readFileSync } from 'node:fs';
import { ThubanError, hasErrno, systemClock, writeAtomically, type Clock } from '../base/index.ts';
import {
  AcquiredGroups,
  taskList,
  tasksOf,
  type Group,
  type KernelFs,
  type SharedGroups,
  type Signaller,
} from '../cgroups/index.ts';
import type { Condition, RuntimeEvent } from './events.ts';

/** A run that the launcher still holds: its init does not end before the last of its processes. */
export interface HeldRun {
  run: string;
  /** Resolves when it has ended after all. */
  exited: Promise<unknown>;
  release: () => Promise<void>;
}

/** What is left of one run. */
interface Entry {
  /** Absent: nobody knows whose it was. */
  container?: string | undefined;
  groups: Group[];
  /** RFC 3339. */
  since: string;
  run?: string | undefined;
}

export interface LeftoversParts {
  fs: KernelFs;
  /** What stands above the groups, and who removes it. */
  shared: SharedGroups;
  /** What a next daemon goes on with. */
  file?: string;
  clock?: Clock;
  signal?: Signaller;
  onProblem?: (error: ThubanError) => void;
}

/** Milliseconds: the pauses double from the first to the last, and stay there. */
const FIRST_PAUSE = 1000;
const LAST_PAUSE = 60_000;
const KILL_TIMEOUT = 200;

/**
 * Groups that could not be removed, because a process in them does not end or because somebody froze it: killed and removed again and again
 * until they are gone. Nothing waits for them meanwhile: a new run of the same container gets a group of another name.
 */
export class Leftovers {
  /** Told when something of it is gone. */
  onChange: ((event: RuntimeEvent) => void) | undefined;
  readonly #parts: LeftoversParts;
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  readonly #closing = new AbortController();

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
  }

  /** What an earlier daemon left in the file. `holds`: how to go on with a run; undefined for one that the launcher does not hold any more. */
  restore(holds: (run: string) => HeldRun | undefined): void {
    for (const { run, ...entry } of this.noted()) this.#begin(entry, run === undefined ? undefined : holds(run));
  }

  /** As the file has it. Damaged, it is as if there were none: the sweep finds what is empty, and a start says what is not. */
  noted(): Entry[] {
    const { file, onProblem } = this.#parts;
    if (file === undefined) return [];
    try {
      const found = JSON.parse(readFileSync(file, 'utf8')) as { v?: unknown; left?: Entry[] } | null;
      return found?.v === 1 && Array.isArray(found.left) ? found.left : [];
    } catch (error) {
      if (!hasErrno(error, 'ENOENT'))
        onProblem?.(
          new ThubanError('TH7008', `cannot read ${file}, so leftovers are not tried again`, { cause: error }),
        );
      return [];
    }
  }

  /** Groups that stay, and the run when the launcher holds it still. */
  add(container: string | undefined, groups: readonly Group[], held?: HeldRun): void {
    if (groups.length === 0 && held === undefined) return;
    this.#begin({ container, groups: [...groups], since: new Date(this.#clock.now()).toISOString() }, held);
    this.#save();
  }

  /** Directories that are being tried again. */
  get paths(): Set<string> {
    return new Set([...this.#entries].flatMap(({ groups }) => groups.map(({ path }) => path)));
  }

  /** What `ps` shows of a container. */
  conditionsOf(container: string): Condition[] {
    return [...this.#entries]
      .filter((entry) => entry.container === container)
      .map((entry) => ({ type: 'leftover', since: entry.since, message: this.#describe(entry), code: 'TH2010' }));
  }

  /** The number of a further set of groups for this container, when its usual ones are taken. */
  spareFor(container: string): number | undefined {
    const own = [...this.#entries].filter((entry) => entry.container === container && entry.groups.length > 0);
    const taken = new Set(
      own.flatMap(({ groups }) => groups.map(({ path }) => Number(/%(\d+)(#\d+)?$/.exec(path)?.[1] ?? 1))),
    );
    let number = 1;
    while (taken.has(number)) number++;
    return number === 1 ? undefined : number;
  }

  /** A last attempt, which takes about a second where something stays after all. */
  async finish(): Promise<void> {
    await Promise.all([...this.#entries].map((entry) => this.#attempt(entry)));
    this.close();
  }

  /** Ends the attempts; the file stays for the next daemon. */
  close(): void {
    this.#closing.abort();
  }

  #begin(entry: Entry, held: HeldRun | undefined): void {
    entry.run = held?.run;
    this.#entries.add(entry);
    void held?.exited.then(() => {
      void this.#letGo(entry, held);
    });
    void this.#tryAgain(entry);
  }

  async #letGo(entry: Entry, held: HeldRun): Promise<void> {
    try {
      await held.release();
    } catch (error) {
      if (error instanceof ThubanError) this.#parts.onProblem?.(error);
      else throw error;
    }
    entry.run = undefined;
    this.#settle(entry);
  }

  async #tryAgain(entry: Entry): Promise<void> {
    for (let pause = FIRST_PAUSE; entry.groups.length > 0; pause = Math.min(2 * pause, LAST_PAUSE)) {
      try {
        await this.#clock.sleep(pause, this.#closing.signal);
      } catch {
        return; // the daemon ends
      }
      await this.#attempt(entry);
    }
    this.#settle(entry);
  }

  async #attempt(entry: Entry): Promise<void> {
    const { fs, shared, signal } = this.#parts;
    const options = { shared, ...(signal === undefined ? {} : { signal }) };
    const groups = new AcquiredGroups(fs, entry.groups, options);
    await groups.kill({ clock: this.#clock, timeout: KILL_TIMEOUT });
    const left = new Set((await groups.remove(this.#clock)).map(({ path }) => path));
    const removed = entry.groups.filter(({ path }) => !left.has(path)).map(({ path }) => path);
    entry.groups = entry.groups.filter(({ path }) => left.has(path));
    if (removed.length > 0) this.#tell(entry, removed);
  }

  #tell({ container, groups }: Entry, removed: string[]): void {
    this.#save();
    if (container === undefined) return;
    const time = new Date(this.#clock.now()).toISOString();
    this.onChange?.({ time, container, type: 'leftover', paths: groups.map(({ path }) => path), removed });
  }

  #settle(entry: Entry): void {
    if (entry.groups.length > 0 || entry.run !== undefined) return;
    this.#entries.delete(entry);
    this.#save();
  }

  #describe({ groups }: Entry): string {
    const { fs } = this.#parts;
    const pids = new AcquiredGroups(fs, groups).pids();
    const what =
      groups.length === 0
        ? 'its init stays'
        : groups.length === 1
          ? `${groups[0]?.path ?? ''} stays`
          : `${groups.length} groups stay`;
    return pids.length === 0 ? what : `${what}: ${taskList(tasksOf(fs, pids))} cannot be killed`;
  }

  #save(): void {
    const { file, onProblem } = this.#parts;
    if (file === undefined || this.#closing.signal.aborted) return;
    try {
      writeAtomically(file, JSON.stringify({ v: 1, left: [...this.#entries] }), { mode: 0o600 });
    } catch (error) {
      if (error instanceof Error)
        onProblem?.(new ThubanError('TH4006', `cannot write ${file}: ${error.message}`, { cause: error }));
    }
  }
}
