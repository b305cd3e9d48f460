import { mkdirSync } from 'node:fs';
import { ThubanError, reasonOf } from '../../base/index.ts';
import { StateFiles } from '../state-files.ts';
import { credible, isLastRun, laterOf, type LastRun } from './last-run.ts';

export interface LastRunsOptions {
  /** Survives a loss of power. */
  folder: string;
  /** Survives this process, and is in memory: no flash wears out. */
  passing: string;
  /** Milliseconds since 1970: a clock that says less is not set. */
  builtAt: number;
  onProblem: (error: ThubanError) => void;
}

export interface Note {
  /** Without: a schedule is first seen. */
  due?: number;
  now: number;
  expression: string;
  /** Whether it must survive a loss of power, as a run would be made up for otherwise that had begun. */
  lasting: boolean;
}

/** Flash is precious: what need not survive a loss of power is written there at most once in this time. */
const EVERY_MS = 10 * 60_000;

/**
 * The last run of each schedule, in a folder that survives a reboot. It is written when a run begins, and once when a schedule that makes up
 * for missed runs is first seen, as it could not know what it missed before its first run otherwise. With a schedule that makes up for
 * nothing most runs are written only where a next daemon finds them, and the rest when this one ends.
 */
export class LastRuns {
  readonly #files: StateFiles;
  readonly #passing: StateFiles;
  readonly #runs = new Map<string, LastRun>();
  /** Until when a run need not be written to flash, as the file there says that there may be some. */
  readonly #covered = new Map<string, number>();
  /** Those of which there is a file in memory. */
  readonly #inMemory = new Set<string>();
  readonly #builtAt: number;
  #clock = 0;

  constructor({ folder, passing, builtAt, onProblem }: LastRunsOptions) {
    this.#builtAt = builtAt;
    for (const path of [folder, passing]) makeFolder(path, onProblem);
    this.#files = new StateFiles(folder, { onProblem, sync: true });
    this.#passing = new StateFiles(passing, { onProblem });
    for (const [id, value] of this.#files.load()) {
      if (!isLastRun(value)) continue; // of another version: as if it had never run
      this.#runs.set(id, value);
      if (value.until !== undefined) this.#covered.set(id, value.until);
    }
    for (const [id, value] of this.#passing.load()) {
      this.#inMemory.add(id);
      if (isLastRun(value) && numberOf(value) > numberOf(this.#runs.get(id))) this.#runs.set(id, value);
    }
    for (const { clock } of this.#runs.values()) this.#clock = Math.max(this.#clock, clock);
  }

  /** The latest time that is known to have been. */
  get clock(): number {
    return this.#clock;
  }

  get(id: string): LastRun | undefined {
    return this.#runs.get(id);
  }

  /** A run begins, or a schedule is first seen. */
  note(id: string, { due, now, expression, lasting }: Note): void {
    this.#clock = Math.max(this.#clock, now);
    const before = this.#runs.get(id);
    const reading = { now, builtAt: this.#builtAt };
    const times = { due: laterOf(before?.due, due, reading), since: credible(before?.since, reading) };
    const kept: LastRun = { v: 1, ...times, began: now, clock: this.#clock, expression };
    if (lasting) {
      this.#write(id, kept, undefined);
      return;
    }
    const rest = (this.#covered.get(id) ?? -Infinity) - now;
    if (rest <= 0 || rest > EVERY_MS) this.#write(id, kept, now + EVERY_MS);
    this.#remember(id, kept);
  }

  /** Another expression is in force, or begins to be made up for: what was due before is no concern of it. */
  renew(id: string, { now, expression, lasting }: Omit<Note, 'due'>): void {
    const before = this.#runs.get(id);
    if (before === undefined) return;
    this.#clock = Math.max(this.#clock, now);
    const since = laterOf(before.since, now, { now, builtAt: this.#builtAt });
    this.#write(id, { ...before, clock: this.#clock, expression, since }, lasting ? undefined : now + EVERY_MS);
  }

  /** The clock is right although a later time was noted: that one was wrong, and no next daemon shall wait for it. */
  believe(now: number): void {
    if (now < this.#builtAt || now >= this.#clock) return; // of a clock that is not set nobody learns anything
    this.#clock = now;
    for (const [id, kept] of this.#runs)
      if (kept.clock > now)
        this.#write(id, { ...kept, clock: now }, this.#covered.has(id) ? now + EVERY_MS : undefined);
  }

  /** The end of the daemon: what is known only in memory lasts, and nothing else began. */
  flush(now: number): void {
    for (const [id, kept] of this.#runs)
      if (this.#inMemory.has(id) || now < (this.#covered.get(id) ?? -Infinity)) this.#write(id, kept, undefined);
    for (const id of this.#inMemory) this.#passing.remove(id);
    this.#inMemory.clear();
  }

  #write(id: string, kept: LastRun, until: number | undefined): void {
    const next = { ...kept, until, number: numberOf(this.#runs.get(id)) + 1 };
    this.#runs.set(id, next);
    if (until === undefined) this.#covered.delete(id);
    else this.#covered.set(id, until);
    this.#files.save(id, next);
  }

  #remember(id: string, kept: LastRun): void {
    const next = { ...kept, number: numberOf(this.#runs.get(id)) + 1 };
    this.#runs.set(id, next);
    this.#inMemory.add(id);
    this.#passing.save(id, next);
  }

  /** The container is gone for good. */
  forget(id: string): void {
    this.#covered.delete(id);
    if (this.#runs.delete(id)) this.#files.remove(id);
    if (this.#inMemory.delete(id)) this.#passing.remove(id);
  }

  /** Forgets those that are in no repository any more. */
  sweep(known: ReadonlySet<string>): void {
    for (const id of [...this.#runs.keys(), ...this.#inMemory]) if (!known.has(id)) this.forget(id);
  }
}

function numberOf(run: LastRun | undefined): number {
  return run?.number ?? 0;
}

function makeFolder(path: string, onProblem: LastRunsOptions['onProblem']): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const hint = 'schedules run, but a next daemon does not know of it';
    onProblem(new ThubanError('TH4006', `cannot make ${path}: ${reasonOf(cause)}`, { hint, cause }));
  }
}
