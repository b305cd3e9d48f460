import { mkdirSync } from 'node:fs';
import { ThubanError, messageOf } from '../../base/index.ts';
import { StateFiles } from '../state-files.ts';
import { CORRECTION_MS } from './next-run.ts';

/** What is kept of a schedule. Times are milliseconds since 1970. */
export interface LastRun {
  v: 1;
  /** The latest instant that a run was for; absent as long as there was none. */
  due?: number;
  /** When the last run began; without one, when the schedule was first seen. */
  began: number;
  /** The latest time that was known then, also when the clock has been set back since. */
  clock: number;
}

export interface LastRunsOptions {
  folder: string;
  /** Milliseconds since 1970: a clock that says less is not set. */
  builtAt: number;
  onProblem: (error: ThubanError) => void;
}

/**
 * The last run of each schedule, in a folder that survives a reboot. Flash is precious: a file is written when a run begins, and once
 * when a schedule that makes up for missed runs is first seen, as it could not know what it missed before its first run otherwise.
 */
export class LastRuns {
  readonly #files: StateFiles;
  readonly #runs = new Map<string, LastRun>();
  readonly #builtAt: number;
  #clock = 0;

  constructor({ folder, builtAt, onProblem }: LastRunsOptions) {
    this.#builtAt = builtAt;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const hint = 'check data_dir; schedules run, and what is missed until the next daemon is not made up for';
      onProblem(new ThubanError('TH4006', `cannot make ${folder}: ${messageOf(cause)}`, { hint, cause }));
    }
    this.#files = new StateFiles(folder, { onProblem, sync: true });
    for (const [id, value] of this.#files.load()) {
      if (!isLastRun(value)) continue; // of another version: as if it had never run
      this.#runs.set(id, value);
      this.#clock = Math.max(this.#clock, value.clock);
    }
  }

  /** The latest time that is known to have been. */
  get clock(): number {
    return this.#clock;
  }

  get(id: string): LastRun | undefined {
    return this.#runs.get(id);
  }

  note(id: string, run: { due?: number; now: number }): void {
    this.#clock = Math.max(this.#clock, run.now);
    const { now: began } = run;
    const due = this.#latestDue(id, run);
    const kept: LastRun = { v: 1, ...(due === undefined ? {} : { due }), began, clock: this.#clock };
    this.#keep(id, kept);
  }

  #keep(id: string, kept: LastRun): void {
    this.#runs.set(id, kept);
    this.#files.save(id, kept);
  }

  /**
   * A run by a clock that is not set, or one that waited while a later one ran, says nothing of what has run until when. What lies hours
   * ahead of a clock that is set was noted when that was wrong.
   */
  #latestDue(id: string, { due, now }: { due?: number; now: number }): number | undefined {
    const before = this.#runs.get(id)?.due;
    if (before === undefined || due === undefined) return due ?? before;
    const wasWrong = now >= this.#builtAt && before - now >= CORRECTION_MS;
    return wasWrong ? due : Math.max(before, due);
  }

  /** The clock is right although a later time was noted: that one was wrong, and no next daemon shall wait for it. */
  believe(now: number): void {
    if (now < this.#builtAt || now >= this.#clock) return; // of a clock that is not set nobody learns anything
    this.#clock = now;
    for (const [id, kept] of this.#runs) if (kept.clock > now) this.#keep(id, { ...kept, clock: now });
  }

  /** The container is gone for good. */
  forget(id: string): void {
    if (this.#runs.delete(id)) this.#files.remove(id);
  }

  /** Forgets those that are in no repository any more. */
  sweep(known: ReadonlySet<string>): void {
    for (const id of [...this.#runs.keys()]) if (!known.has(id)) this.forget(id);
  }
}

function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== 'object' || value === null) return false;
  const { v, due, began, clock } = value as Partial<LastRun>;
  return v === 1 && (due === undefined || Number.isFinite(due)) && Number.isFinite(began) && Number.isFinite(clock);
}
