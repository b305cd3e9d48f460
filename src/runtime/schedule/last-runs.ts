import { mkdirSync } from 'node:fs';
import { ThubanError, messageOf } from '../../base/index.ts';
import { StateFiles } from '../state-files.ts';
import { credible, isLastRun, laterOf, type LastRun } from './last-run.ts';

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

  /** A run begins, or, without `due`, a schedule is first seen. */
  note(id: string, { due, now, expression }: { due?: number; now: number; expression: string }): void {
    this.#clock = Math.max(this.#clock, now);
    const before = this.#runs.get(id);
    const reading = { now, builtAt: this.#builtAt };
    const times = { due: laterOf(before?.due, due, reading), since: credible(before?.since, reading) };
    this.#keep(id, { v: 1, ...times, began: now, clock: this.#clock, expression });
  }

  /** Another expression is in force, or begins to be made up for: what was due before is no concern of it. */
  renew(id: string, { now, expression }: { now: number; expression: string }): void {
    const before = this.#runs.get(id);
    if (before === undefined) return;
    this.#clock = Math.max(this.#clock, now);
    const since = laterOf(before.since, now, { now, builtAt: this.#builtAt });
    this.#keep(id, { ...before, clock: this.#clock, expression, since });
  }

  #keep(id: string, kept: LastRun): void {
    this.#runs.set(id, kept);
    this.#files.save(id, kept);
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
