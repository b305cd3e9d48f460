import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { builtAt, type ThubanError } from '../base/index.ts';
import type { Catalogue, Entry } from './catalogue.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { RuntimeEvent } from './events.ts';
import type { Desired } from './reconcile/index.ts';
import { LastRuns, Scheduler, type Scheduled, type ScheduleHost } from './schedule/index.ts';
import { isResting } from './states.ts';

export interface ClockworkParts {
  options: DaemonOptions;
  catalogue: Catalogue;
  /** Takes in one more run beside a container's own. */
  addBeside: (entry: Entry, number: number) => Entry;
  isClosing: () => boolean;
  onEvent: (event: RuntimeEvent) => void;
  onProblem: (error: ThubanError) => void;
}

/** Runs of one container at the same time, with `overlap: allow`. */
const MAX_RUNS = 8;

/** Lets the clock start the containers that have a schedule. On a board without any there is no scheduler. */
export class Clockwork {
  readonly #parts: ClockworkParts;
  #scheduler: Scheduler | undefined;
  #lastRuns: LastRuns | undefined;
  #isRunning = false;

  constructor(parts: ClockworkParts) {
    this.#parts = parts;
  }

  /** From now on. Before, what an earlier daemon left has to have its place. */
  start(): void {
    this.#isRunning = true;
    for (const entry of this.#parts.catalogue.entries.values()) this.bind(entry);
  }

  /** The container is new, or its manifest is. */
  bind(entry: Entry): void {
    if (!this.#isRunning || entry.beside !== undefined) return;
    const { id, loaded } = entry.supervised;
    const { schedule } = loaded.manifest;
    if (schedule === undefined) {
      if (entry.scheduled !== undefined) this.release(entry);
      return;
    }
    if (entry.scheduled !== undefined) {
      if (!isDeepStrictEqual(entry.scheduled.schedule, schedule)) entry.scheduled.changed(schedule);
      return;
    }
    entry.scheduled = this.#theScheduler().add(id, schedule, this.#hostOf(entry));
    for (const one of [entry, ...this.#parts.catalogue.besides(id)]) goOn(entry.scheduled, one);
  }

  /** The clock does not start it any more. */
  release(entry: Entry): void {
    if (entry.scheduled === undefined) return;
    delete entry.scheduled;
    this.#scheduler?.remove(entry.supervised.id, { forget: true });
  }

  /** Runs begin and end, by whomever they were started. */
  onEvent(event: RuntimeEvent): void {
    const { entries } = this.#parts.catalogue;
    const entry = entries.get(event.container);
    const scheduled = entry?.beside === undefined ? entry?.scheduled : entries.get(entry.beside.of)?.scheduled;
    if (entry === undefined || scheduled === undefined) return;
    if (event.type === 'started') scheduled.runStarted(event.container);
    else if (event.type === 'adopted') goOn(scheduled, entry);
    // The next daemon does not tell an exit again that was told, only the state that follows from it.
    else if (event.type === 'exited' || (event.type === 'state' && event.state === 'backoff'))
      scheduled.programEnded(event.container);
    else if (event.type === 'state' && isResting(event.state))
      // Who has just come to rest is not started in the same breath.
      setImmediate(() => {
        if (isResting(entry.supervised.state)) scheduled.runEnded(event.container);
      });
  }

  /** Forgets the last runs of containers that are gone, or have no schedule any more, also when no daemon saw them go. */
  sweep({ containers, rejected, unusable, unsettled }: Desired): void {
    if (!this.#isRunning) return;
    if (this.#lastRuns === undefined && !existsSync(this.#folder)) return;
    // What cannot be read now may come back, and as long as nobody knows what it is it may be any of them.
    if (unusable.size > 0 || unsettled.size > 0) return;
    const known = new Set<string>();
    for (const { name, version } of rejected) {
      if (name === undefined || version === undefined) return;
      known.add(`${name}:${version}`);
    }
    for (const [id, { loaded }] of containers) if (loaded.manifest.schedule !== undefined) known.add(id);
    for (const [id, { scheduled }] of this.#parts.catalogue.entries) if (scheduled !== undefined) known.add(id);
    this.#theLastRuns().sweep(known);
  }

  /** The end of the daemon. */
  close(): void {
    this.#isRunning = false;
    this.#scheduler?.dispose();
  }

  #theScheduler(): Scheduler {
    if (this.#scheduler !== undefined) return this.#scheduler;
    const { options, onEvent } = this.#parts;
    const gate = { ...options.schedule.gate, builtAt: builtAt() };
    this.#scheduler = new Scheduler({ gate, lastRuns: this.#theLastRuns(), onEvent, log: options.log });
    return this.#scheduler;
  }

  get #folder(): string {
    return join(this.#parts.options.dataDir, 'state', 'schedules');
  }

  #theLastRuns(): LastRuns {
    const { options, onProblem } = this.#parts;
    const passing = join(options.runDir, 'schedules');
    return (this.#lastRuns ??= new LastRuns({ folder: this.#folder, passing, builtAt: builtAt(), onProblem }));
  }

  #hostOf(entry: Entry): ScheduleHost {
    const { catalogue, isClosing } = this.#parts;
    const start = ({ supervised }: Entry): void => {
      if (isClosing() || !isResting(supervised.state)) return;
      void supervised.start({}, { asked: false });
      supervised.attempt.catch(() => undefined); // its own events tell
    };
    return {
      isBusy: () => !isResting(entry.supervised.state),
      start: () => {
        start(entry);
      },
      stop: async (reason, run) => {
        await catalogue.entries.get(run)?.supervised.stop(reason);
      },
      startBeside: () => {
        const beside = this.#placeBeside(entry);
        if (beside !== undefined) start(beside);
        return beside !== undefined;
      },
    };
  }

  /** A place where nothing runs; what ran there before is told by it until then. */
  #placeBeside(entry: Entry): Entry | undefined {
    const { supervised } = entry;
    for (let number = 2; number <= MAX_RUNS; number++) {
      const found = this.#parts.catalogue.entries.get(`${supervised.id}#${number}`);
      if (found === undefined) return this.#parts.addBeside(entry, number);
      if (!isResting(found.supervised.state)) continue;
      found.supervised.take(supervised.loaded);
      return found;
    }
    return undefined;
  }
}

/** A run that an earlier daemon began: its time counts from then on. */
function goOn(scheduled: Scheduled, { supervised }: Entry): void {
  const { uptime_ms: uptime } = supervised.status;
  if (uptime !== undefined) scheduled.runStarted(supervised.id, uptime);
}
