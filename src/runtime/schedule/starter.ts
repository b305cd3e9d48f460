import { reasonOf, type Clock } from '../../base/index.ts';
import type { Schedule } from '../../manifest/index.ts';
import type { DaemonLog } from '../daemon-options.ts';
import type { EventBody } from '../events.ts';
import type { ScheduleHost } from './host.ts';
import type { LastRuns } from './last-runs.ts';
import { notesOf } from './last-run.ts';
import { decideOverlap } from './overlap.ts';
import { sleepLong } from './sleep.ts';

export interface StarterParts {
  clock: Clock;
  random: () => number;
  lastRuns: LastRuns;
  log: DaemonLog;
  emit: (id: string, body: EventBody) => void;
}

type Skipped = Extract<EventBody, { type: 'skipped' }>['reason'];

/** Makes a run of an instant that has come, or says why there is none. */
export class Starter {
  readonly #id: string;
  readonly #host: ScheduleHost;
  readonly #parts: StarterParts;
  #schedule: Schedule;
  /** A start that is put off, or the end of the run that it replaces. */
  #pending: { why: 'jitter' | 'replacement'; start: AbortController } | undefined;
  #queued: { due: number; catchUp: boolean } | undefined;
  /** Skipped since the first one of this run was told. */
  #untold: { reason: Skipped; count: number; due: number } | undefined;

  constructor(id: string, schedule: Schedule, host: ScheduleHost, parts: StarterParts) {
    this.#id = id;
    this.#schedule = schedule;
    this.#host = host;
    this.#parts = parts;
  }

  changed(schedule: Schedule): void {
    this.dispose();
    this.#schedule = schedule;
  }

  runEnded(): void {
    if (this.#pending?.why === 'replacement' || this.#host.isBusy()) return; // the one that it is stopped for begins
    const queued = this.#queued;
    this.#queued = undefined;
    this.#tellSkipped();
    if (queued !== undefined) this.#begin(queued.due, queued.catchUp);
  }

  /** Instants that came unseen. */
  missed(due: number, count: number): void {
    this.#parts.emit(this.#id, { type: 'skipped', due: new Date(due).toISOString(), reason: 'missed', count });
  }

  dispose(): void {
    this.#pending?.start.abort();
    this.#pending = undefined;
    this.#queued = undefined;
  }

  /** Its time has come. By the jitter it is put off, then decided. */
  come(due: number, catchUp: boolean): void {
    if (this.#pending !== undefined) {
      this.#skip('overlap', due);
      return;
    }
    const { clock, random } = this.#parts;
    const delay = this.#schedule.jitter * 1000 * random();
    if (delay < 1) {
      this.#decide(due, catchUp);
      return;
    }
    const start = new AbortController();
    this.#pending = { why: 'jitter', start };
    sleepLong(clock, delay, start.signal).then(
      () => {
        this.#pending = undefined;
        this.#decide(due, catchUp);
      },
      () => undefined, // dropped
    );
  }

  #decide(due: number, catchUp: boolean): void {
    this.runEnded(); // that may be about to be told, and who waits comes first
    const present = { busy: this.#host.isBusy(), pending: false, queued: this.#queued !== undefined };
    switch (decideOverlap(this.#schedule.overlap, present)) {
      case 'start':
        this.#begin(due, catchUp);
        return;
      case 'start_beside':
        if (this.#host.startBeside({ due: new Date(due), catch_up: catchUp })) this.#begun(due, catchUp);
        else this.#skip('limit', due);
        return;
      case 'replace':
        void this.#replace(due, catchUp);
        return;
      case 'queue':
        this.#queued = { due, catchUp };
        return;
      case 'skip':
        this.#skip('overlap', due);
        return;
    }
  }

  async #replace(due: number, catchUp: boolean): Promise<void> {
    const start = new AbortController();
    this.#pending = { why: 'replacement', start };
    try {
      await this.#host.stop('for replacement', this.#id);
    } catch (error) {
      this.#parts.log('error', `${this.#id} could not be stopped: ${reasonOf(error)}`, { container: this.#id });
    }
    if (start.signal.aborted) return;
    this.#pending = undefined;
    if (this.#host.isBusy()) this.#skip('overlap', due);
    else this.#begin(due, catchUp);
  }

  #begin(due: number, catchUp: boolean): void {
    this.#begun(due, catchUp);
    this.#host.start({ due: new Date(due), catch_up: catchUp });
  }

  /** Noted and told before the program exists, so that a run is never made up for that had begun. */
  #begun(due: number, catchUp: boolean): void {
    const now = this.#parts.clock.now();
    this.#tellSkipped();
    this.#parts.lastRuns.note(this.#id, { due, now, ...notesOf(this.#schedule) });
    const late_ms = Math.max(0, Math.round(now - due));
    this.#parts.emit(this.#id, { type: 'scheduled', due: new Date(due).toISOString(), catch_up: catchUp, late_ms });
  }

  /** The first one is told at once, the others together: a schedule of every second fills no history. */
  #skip(reason: Skipped, due: number): void {
    if (this.#untold !== undefined) this.#untold = { reason, count: this.#untold.count + 1, due };
    else {
      this.#untold = { reason, count: 0, due };
      this.#parts.emit(this.#id, { type: 'skipped', due: new Date(due).toISOString(), reason, count: 1 });
    }
  }

  #tellSkipped(): void {
    const { reason, count = 0, due = 0 } = this.#untold ?? {};
    this.#untold = undefined;
    if (reason === undefined || count === 0) return;
    this.#parts.emit(this.#id, { type: 'skipped', due: new Date(due).toISOString(), reason, count });
  }
}
