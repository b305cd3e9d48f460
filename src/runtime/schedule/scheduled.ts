import type { Schedule } from '../../manifest/index.ts';
import type { Condition } from '../events.ts';
import type { Alarm, MakeAlarm } from './alarm.ts';
import type { ScheduleHost } from './host.ts';
import { judgedUntil, notesOf } from './last-run.ts';
import { countMissed, judgeMissed, type Interval } from './missed.ts';
import { CORRECTION_MS, nextRun } from './next-run.ts';
import { RunLimits } from './run-limits.ts';
import { Starter, type StarterParts } from './starter.ts';
import { Timetable } from './timetable.ts';

export interface ScheduledParts extends StarterParts {
  alarm: MakeAlarm;
  /** Looks whether the clock was set, before anybody believes it. */
  look: () => void;
  waiting: () => Condition | undefined;
}

/** The timers of small corrections are set anew when they add up to more than this. */
const DRIFT_MS = 50;

/** A container that the clock starts. */
export class Scheduled {
  readonly id: string;
  readonly #parts: ScheduledParts;
  readonly #alarm: Alarm;
  readonly #limits: RunLimits;
  readonly #starter: Starter;
  #schedule: Schedule;
  #timetable: Timetable;
  #isOpen = false;
  #due: number | undefined;
  #setAtOffset = 0;
  /** The newest instant that has come, and when that was on the clock that never steps. */
  #past: { due: number; at: number } | undefined;
  /** The latest one that ever came, also by a clock that was set back since. */
  #newest = -Infinity;

  constructor(id: string, schedule: Schedule, host: ScheduleHost, parts: ScheduledParts) {
    this.id = id;
    this.#parts = parts;
    this.#schedule = schedule;
    this.#timetable = new Timetable(schedule.cron, schedule.time_zone);
    this.#alarm = parts.alarm({
      ring: () => {
        this.#ring();
      },
      look: parts.look,
      log: parts.log,
    });
    this.#starter = new Starter(id, schedule, host, parts);
    const { clock, log } = parts;
    this.#limits = new RunLimits(schedule.max_runtime, { clock, log, stop: (reason, run) => host.stop(reason, run) });
  }

  /** Undefined while it waits for the clock, and when there is none. */
  get nextRun(): Date | undefined {
    return this.#due === undefined ? undefined : new Date(this.#due);
  }

  get schedule(): Schedule {
    return this.#schedule;
  }

  /** When its last run began, also that of an earlier daemon. */
  get lastRun(): Date | undefined {
    const last = this.#parts.lastRuns.get(this.id);
    return last?.due === undefined ? undefined : new Date(last.began);
  }

  /** What it waits for, if it does: the condition to be shown. */
  get waiting(): Condition | undefined {
    return this.#isOpen ? undefined : this.#parts.waiting();
  }

  /** Another schedule for the same container. What was due by the old one is dropped. */
  changed(schedule: Schedule): void {
    const isCatchUpNew = schedule.catch_up === 'once' && this.#schedule.catch_up === 'none';
    this.#timetable = new Timetable(schedule.cron, schedule.time_zone);
    this.#schedule = schedule;
    this.#starter.changed(schedule);
    this.#limits.changed(schedule.max_runtime);
    if (!this.#isOpen) return;
    this.#noteExpression(isCatchUpNew);
    this.#setNext();
  }

  /** A program of it was executed, `uptime` milliseconds ago. `run` tells those apart that run beside each other. */
  runStarted(run: string = this.id, uptime = 0): void {
    this.#limits.started(run, uptime);
  }

  /** The program of a run has ended, and its limit with it; a restart may follow, whose time counts anew. */
  programEnded(run: string = this.id): void {
    this.#limits.ended(run);
  }

  /** A run is over, and no restart follows. */
  runEnded(run: string = this.id): void {
    this.programEnded(run);
    this.#starter.runEnded();
  }

  /** For the scheduler: the clock is believed from now on. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#noteExpression(false);
    const last = this.#parts.lastRuns.get(this.id);
    if (last?.due !== undefined) {
      this.#past = { due: last.due, at: -Infinity };
      this.#newest = last.due;
    }
    this.#catchUp(last === undefined ? undefined : judgedUntil(last));
  }

  /** What it says now may be another thing than what was noted, also by an earlier daemon: it has missed nothing yet. */
  #noteExpression(isCatchUpNew: boolean): void {
    const { lastRuns, clock } = this.#parts;
    const last = lastRuns.get(this.id);
    const note = { now: clock.now(), ...notesOf(this.#schedule) };
    if (last === undefined) {
      if (note.lasting) lastRuns.note(this.id, note);
    } else if (isCatchUpNew || (last.expression ?? note.expression) !== note.expression) lastRuns.renew(this.id, note);
  }

  /** For the scheduler: the clock was set. */
  stepped(): void {
    const { clock } = this.#parts;
    // A clock that glitches back and is right again has shown what lies between before; one that was hours ahead was wrong.
    const shown = this.#newest - clock.now() < CORRECTION_MS ? this.#newest : -Infinity;
    this.#catchUp(this.#due === undefined ? undefined : Math.max(this.#due - 1, shown));
  }

  /** For the scheduler: the clock is so far ahead of the one that never steps. Small corrections add up until the next run. */
  adjust(offset: number): void {
    if (this.#due !== undefined && Math.abs(offset - this.#setAtOffset) > DRIFT_MS) this.#set(this.#due);
  }

  dispose(): void {
    this.#isOpen = false;
    this.#due = undefined;
    this.#alarm.clear();
    this.#starter.dispose();
    this.#limits.dispose();
  }

  /** `from`: all instants after it that have passed came unseen. */
  #catchUp(from: number | undefined): void {
    if (from !== undefined) {
      const { catch_up, catch_up_window } = this.#schedule;
      const window = catch_up === 'once' ? catch_up_window * 1000 : 0;
      const { catchUp, skipped } = judgeMissed(this.#timetable, from, this.#parts.clock.now(), window);
      if (skipped !== undefined) {
        this.#passed(skipped.to);
        void this.#tellMissed(skipped);
      }
      if (catchUp !== undefined) {
        this.#passed(catchUp);
        this.#starter.come(catchUp, true);
      }
    }
    this.#setNext();
  }

  #ring(): void {
    this.#parts.look();
    const now = this.#parts.clock.now();
    const due = this.#due;
    if (due === undefined) return;
    if (now < due) {
      this.#set(due);
      return;
    }
    // Whoever comes late, because something kept this process from running, runs once.
    const newest = this.#timetable.last(due - 1, now) ?? due;
    this.#passed(newest);
    this.#setNext();
    const missed = this.#timetable.last(due - 1, newest - 1);
    if (missed !== undefined) void this.#tellMissed({ from: due - 1, to: missed });
    this.#starter.come(newest, false);
  }

  /** When they are counted: nobody waits for that. */
  async #tellMissed(interval: Interval): Promise<void> {
    const count = await countMissed(this.#timetable, interval);
    if (this.#isOpen) this.#starter.missed(interval.to, count);
  }

  #passed(due: number): void {
    const { clock } = this.#parts;
    this.#past = { due, at: clock.monotonic() - (clock.now() - due) };
    this.#newest = Math.max(this.#newest, due);
  }

  #setNext(): void {
    const { clock } = this.#parts;
    const past = this.#past && { due: this.#past.due, elapsed: clock.monotonic() - this.#past.at };
    const due = nextRun(this.#timetable, clock.now(), past);
    this.#due = due;
    if (due === undefined) this.#alarm.clear();
    else this.#set(due);
  }

  #set(due: number): void {
    const { clock } = this.#parts;
    this.#setAtOffset = clock.now() - clock.monotonic();
    this.#alarm.set(due);
  }
}
