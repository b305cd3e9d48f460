import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ThubanError } from '../../src/base/index.ts';
import type { Schedule } from '../../src/manifest/index.ts';
import type { RuntimeEvent } from '../../src/runtime/index.ts';
import type { MakeAlarm } from '../../src/runtime/schedule/alarm.ts';
import {
  LastRuns,
  Scheduler,
  type DueRun,
  type GateOptions,
  type Scheduled,
  type ScheduleHost,
} from '../../src/runtime/schedule/index.ts';
import { ManualClock } from './manual-clock.ts';

export const scheduleDefaults: Schedule = {
  cron: '0 3 * * *',
  time_zone: 'UTC',
  overlap: 'forbid',
  catch_up: 'none',
  catch_up_window: 3600,
  jitter: 0,
  max_runtime: 'unlimited',
};

/** Node-cron's part, on a clock that is moved by hand: its timers do not see that the wall clock was set. */
function manualAlarm(clock: ManualClock): MakeAlarm {
  return ({ ring }) => {
    let set: AbortController | undefined;
    const arm = (at: number): void => {
      set?.abort();
      const mine = new AbortController();
      set = mine;
      const rung = (): void => {
        if (clock.now() < at) arm(at);
        else ring();
      };
      clock.sleep(Math.max(0, at - clock.now()), mine.signal).then(rung, () => undefined);
    };
    return { set: arm, clear: () => set?.abort() };
  };
}

/** A container that runs for as long as the test says. */
export class FakeHost implements ScheduleHost {
  /** Ids of runs that are under way. */
  readonly running: string[] = [];
  readonly stops: string[] = [];
  most = 2;
  #instances = 0;
  readonly #of: () => Scheduled;

  constructor(of: () => Scheduled) {
    this.#of = of;
  }

  isBusy(): boolean {
    return this.running.length > 0;
  }

  start(_run: DueRun): void {
    this.#begin(this.#of().id);
  }

  startBeside(_run: DueRun): boolean {
    if (this.running.length >= this.most) return false;
    this.#begin(`${this.#of().id}#${++this.#instances + 1}`);
    return true;
  }

  async stop(reason: string, run: string): Promise<void> {
    this.stops.push(`${run} ${reason}`);
    await Promise.resolve();
    this.end(run);
  }

  end(run: string = this.#of().id): void {
    this.running.splice(this.running.indexOf(run), 1);
    this.#of().runEnded(run);
  }

  /** Its program ends, and a restart is to come. */
  crash(): void {
    this.#of().programEnded();
  }

  #begin(run: string): void {
    this.running.push(run);
    this.#of().runStarted(run);
  }
}

export interface BenchOptions {
  now?: string;
  schedule?: Partial<Schedule>;
  gate?: Partial<GateOptions>;
  folder?: string;
  random?: () => number;
}

/** A scheduler with one container, `a:1.0.0`, on a clock that is moved by hand. */
export class ScheduleBench {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly scheduler: Scheduler;
  readonly scheduled: Scheduled;
  readonly host: FakeHost;
  readonly events: RuntimeEvent[] = [];
  readonly log: string[] = [];

  constructor(options: BenchOptions = {}) {
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'schedules-'));
    this.clock = new ManualClock(options.now ?? '2027-05-01T00:00:00.000Z');
    const gate: GateOptions = { mode: 'auto', timeout: 300, builtAt: Date.parse('2026-11-01'), ...options.gate };
    const { builtAt } = gate;
    const onProblem = (error: ThubanError): void => {
      this.log.push(`${error.code} ${error.message}`);
    };
    this.scheduler = new Scheduler({
      clock: this.clock,
      gate,
      lastRuns: new LastRuns({
        folder: join(this.folder, 'data'),
        passing: join(this.folder, 'run'),
        builtAt,
        onProblem,
      }),
      onEvent: (event) => this.events.push(event),
      log: (level, message, fields) =>
        this.log.push(`${level} ${message} ${JSON.stringify(fields?.['code'] ?? '')}`.replaceAll('"', '').trim()),
      random: options.random ?? ((): number => 0),
      alarm: manualAlarm(this.clock),
    });
    this.host = new FakeHost(() => this.scheduled);
    this.scheduled = this.scheduler.add('a:1.0.0', { ...scheduleDefaults, ...options.schedule }, this.host);
  }

  /** Time goes by, second for second. */
  async pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed++) await this.clock.advance(1000);
  }

  /** What was told since the last time, in short: `run 03:00:00`, `skip missed 4`. */
  told(): string[] {
    return this.events.splice(0).map((event) => {
      if (event.type === 'scheduled') return `${event.catch_up ? 'catch up' : 'run'} ${event.due.slice(11, 19)}`;
      if (event.type === 'skipped') return `skip ${event.reason} ${event.count}`;
      return event.type;
    });
  }

  get next(): string | undefined {
    return this.scheduled.nextRun?.toISOString().replace('.000Z', 'Z');
  }

  /** Ends it; with `keep` the folder stays for a next one. */
  end({ keep = false } = {}): void {
    this.scheduler.dispose();
    if (!keep) rmSync(this.folder, { recursive: true });
  }
}

export async function on(options: BenchOptions, body: (bench: ScheduleBench) => Promise<void> | void): Promise<void> {
  const bench = new ScheduleBench(options);
  try {
    await setTimeout(1); // nothing begins before `add` has returned
    await body(bench);
  } finally {
    bench.end();
  }
}

/** A daemon that ends, and the next one at another time. */
export async function twice(
  first: BenchOptions,
  body: (bench: ScheduleBench) => Promise<void>,
  second: BenchOptions,
  then: (bench: ScheduleBench) => Promise<void> | void,
): Promise<void> {
  const before = new ScheduleBench(first);
  await body(before);
  before.end({ keep: true });
  await on({ ...second, folder: before.folder }, then);
}
