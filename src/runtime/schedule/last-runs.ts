import { mkdirSync } from 'node:fs';
import { ThubanError, reasonOf } from '../../base/index.ts';
import { StateFiles } from '../state-files.ts';

/** What is kept of a schedule. Times are milliseconds since 1970. */
export interface LastRun {
  v: 1;
  /** The instant that the last run was for; absent as long as there was none. */
  due?: number;
  /** When that run began; without one, when the schedule was first seen. */
  began: number;
  /** The latest time that was known then, also when the clock has been set back since. */
  clock: number;
}

/**
 * The last run of each schedule, in a folder that survives a reboot. Flash is precious: a file is written when a run begins, and once
 * when a schedule that makes up for missed runs is first seen, as it could not know what it missed before its first run otherwise.
 */
export class LastRuns {
  readonly #files: StateFiles;
  readonly #runs = new Map<string, LastRun>();
  #clock = 0;

  constructor(folder: string, onProblem: (error: ThubanError) => void) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const hint = 'check data_dir; schedules run, and what is missed until the next daemon is not made up for';
      onProblem(new ThubanError('TH4006', `cannot make ${folder}: ${reasonOf(cause)}`, { hint, cause }));
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
    const { due, now: began } = run;
    const kept: LastRun = { v: 1, ...(due === undefined ? {} : { due }), began, clock: this.#clock };
    this.#runs.set(id, kept);
    this.#files.save(id, kept);
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
