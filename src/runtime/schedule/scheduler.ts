import { formatDuration, systemClock, type Clock } from '../../base/index.ts';
import type { Schedule } from '../../manifest/index.ts';
import type { DaemonLog } from '../daemon-options.ts';
import type { Condition, RuntimeEvent } from '../events.ts';
import { cronAlarm, type MakeAlarm } from './alarm.ts';
import { distrust, isSynchronized, type GateOptions } from './clock-gate.ts';
import type { ScheduleHost } from './host.ts';
import type { LastRuns } from './last-runs.ts';
import { Scheduled, type ScheduledParts } from './scheduled.ts';
import { CORRECTION_MS } from './next-run.ts';
import { StepDetector } from './step-detector.ts';

export interface SchedulerOptions {
  gate: GateOptions;
  lastRuns: LastRuns;
  onEvent: (event: RuntimeEvent) => void;
  log: DaemonLog;
  clock?: Clock;
  random?: () => number;
  alarm?: MakeAlarm;
}

/** How often the clock is looked at. */
const LOOK_MS = 1000;

/** All containers with a schedule, and the clock that they go by. While there are none it does nothing. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #parts: ScheduledParts;
  readonly #detector: StepDetector;
  readonly #all = new Map<string, Scheduled>();
  #isOpen = false;
  /** Since when the clock is waited for. */
  #waiting: { since: number; condition: Condition } | undefined;
  #watch: AbortController | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#detector = new StepDetector(this.#clock);
    this.#parts = {
      clock: this.#clock,
      random: options.random ?? Math.random,
      alarm: options.alarm ?? cronAlarm,
      lastRuns: options.lastRuns,
      log: options.log,
      emit: (container, body) => {
        options.onEvent({ time: new Date(this.#clock.now()).toISOString(), container, ...body });
      },
      look: () => {
        this.#look();
      },
      waiting: () => this.#waiting?.condition,
    };
  }

  /** From now on the clock starts it. What was missed since its last run is judged right after this, or when the clock is believed. */
  add(id: string, schedule: Schedule, host: ScheduleHost): Scheduled {
    const scheduled = new Scheduled(id, schedule, host, this.#parts);
    this.#all.get(id)?.dispose();
    this.#all.set(id, scheduled);
    if (this.#watch === undefined) {
      this.#detector.look();
      this.#watch = new AbortController();
      void this.#keepLooking(this.#watch.signal);
    }
    // Not before the caller has it in hand: a run that is made up for begins at once.
    void Promise.resolve().then(() => {
      if (this.#all.get(id) !== scheduled) return;
      if (this.#isOpen) scheduled.open();
      else this.#checkGate();
    });
    return scheduled;
  }

  /** The clock does not start it any more. `forget`: it is gone for good, and so is what was known of its runs. */
  remove(id: string, { forget }: { forget: boolean }): void {
    this.#all.get(id)?.dispose();
    this.#all.delete(id);
    if (forget) this.#options.lastRuns.forget(id);
    if (this.#all.size === 0) this.#stopLooking();
  }

  /** The end of the daemon. What is known of runs stays for the next one. */
  dispose(): void {
    for (const scheduled of this.#all.values()) scheduled.dispose();
    this.#all.clear();
    this.#stopLooking();
    this.#options.lastRuns.flush(this.#clock.now());
  }

  #stopLooking(): void {
    this.#watch?.abort();
    this.#watch = undefined;
  }

  async #keepLooking(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#clock.sleep(LOOK_MS, signal);
      } catch {
        return; // it is over
      }
      this.#look();
    }
  }

  #look(): void {
    const jump = this.#detector.look();
    if (!this.#isOpen) {
      this.#checkGate();
      return;
    }
    const { offset } = this.#detector;
    if (jump !== 0) {
      const how = `${jump > 0 ? 'ahead' : 'back'} by ${formatDuration(Math.abs(jump))}`;
      this.#options.log('info', `the clock was set ${how}; schedules go by it anew`, { jump_ms: jump });
      const { lastRuns } = this.#options;
      if (lastRuns.clock - this.#clock.now() >= CORRECTION_MS) lastRuns.believe(this.#clock.now());
    }
    for (const scheduled of this.#all.values())
      if (jump === 0) scheduled.adjust(offset);
      else scheduled.stepped();
  }

  /** Opens when the clock can be believed, or has been waited for long enough. It never shuts again: then the clock is just set. */
  #checkGate(): void {
    const { gate, lastRuns, log } = this.#options;
    const now = this.#clock.now();
    const known = Math.max(gate.builtAt, lastRuns.clock);
    const synchronized = gate.mode === 'synchronized' && (gate.isSynchronized ?? isSynchronized)();
    const reason = distrust(gate.mode, { now, known, synchronized });
    if (reason === undefined) {
      if (synchronized) lastRuns.believe(now);
      this.#open();
      return;
    }
    const hint = 'set up NTP, or schedule.clock_gate';
    const fields = { code: 'TH4003', hint };
    if (this.#waiting === undefined) log('warn', `the clock cannot be believed, ${reason}; schedules wait`, fields);
    const since = this.#waiting?.since ?? this.#clock.monotonic();
    if (this.#clock.monotonic() - since >= gate.timeout * 1000) {
      const waited = formatDuration(gate.timeout * 1000);
      log('warn', `after ${waited} the clock still cannot be believed, ${reason}; schedules run all the same`, fields);
      lastRuns.believe(now);
      this.#open();
      return;
    }
    const began = this.#waiting?.condition.since ?? new Date(now).toISOString();
    const condition: Condition = { type: 'waiting', since: began, message: `for the clock: ${reason}`, code: 'TH4003' };
    this.#waiting = { since, condition };
  }

  #open(): void {
    this.#isOpen = true;
    this.#waiting = undefined;
    for (const scheduled of this.#all.values()) scheduled.open();
  }
}
