import { setImmediate as afterThisTurn } from 'node:timers/promises';
import { ThubanError, systemClock, type Clock } from '../base/index.ts';
import type { GroupStats } from '../cgroups/index.ts';
import { rejectedId, type Catalogue, type Entry } from './catalogue.ts';
import { globs } from './globs.ts';

/** What the kernel counts for a container at one moment. */
export interface ContainerStats extends GroupStats {
  id: string;
  name: string;
  version: string;
  /** Of the run: another one began to count at 0. */
  pid: number;
  started_at: string;
  /** When it was read; `monotonic_us` is of a clock that never steps, for differences between two. */
  time: string;
  monotonic_us: number;
}

/** All that run, as they were at about the same time. */
export interface StatsSample {
  time: string;
  containers: ContainerStats[];
}

export interface StatsQuery {
  follow?: boolean;
  /** Seconds. */
  interval?: number;
}

export interface AllStatsQuery extends StatsQuery {
  /** Ids, names or patterns with `*`. */
  containers?: string[];
}

const INTERVAL_S = 1;

/** Reading one container takes a third of a millisecond on a slow machine; other work of the daemon gets its turn after so many. */
const AT_ONCE = 8;

/** Reads what containers use, once or again and again. */
export class StatsReader {
  readonly #catalogue: Catalogue;
  readonly #clock: Clock;

  constructor(catalogue: Catalogue, clock: Clock = systemClock) {
    this.#catalogue = catalogue;
    this.#clock = clock;
  }

  /**
   * One record; with `follow` more, until the signal aborts or the container is taken out. While it does not run there is none; without `follow`
   * that is TH6005.
   */
  async *one(name: string, query: StatsQuery, signal: AbortSignal): AsyncGenerator<ContainerStats[]> {
    const entry = this.#find(name);
    const follow = query.follow === true;
    for await (const _ of this.#ticks(query, signal)) {
      const stats = this.#read(entry);
      if (stats !== undefined) yield [stats];
      else if (!follow) throw notRunning(entry);
      if (!follow || this.#catalogue.entries.get(entry.supervised.id) !== entry) return;
    }
  }

  /** One sample; with `follow` more, until the signal aborts. */
  async *all(query: AllStatsQuery, signal: AbortSignal): AsyncGenerator<StatsSample[]> {
    for await (const _ of this.#ticks(query, signal)) {
      yield [await this.#sample(query.containers)];
      if (query.follow !== true) return;
    }
  }

  async #sample(patterns: readonly string[] | undefined): Promise<StatsSample> {
    const isNamed = patterns === undefined ? undefined : globs(patterns);
    const time = new Date(this.#clock.now()).toISOString();
    const containers: ContainerStats[] = [];
    for (const entry of this.#catalogue.sorted) {
      const { id, loaded } = entry.supervised;
      if (isNamed !== undefined && !isNamed(id) && !isNamed(loaded.manifest.name)) continue;
      const stats = this.#read(entry);
      if (stats === undefined) continue;
      containers.push(stats);
      if (containers.length % AT_ONCE === 0) await afterThisTurn();
    }
    return { time, containers };
  }

  #read({ supervised }: Entry): ContainerStats | undefined {
    const { container, id, loaded } = supervised;
    const { started_at } = supervised.status;
    if (container === undefined || started_at === undefined) return undefined;
    const stats = container.stats();
    if (stats === 'gone') return undefined;
    const { name, version } = loaded.manifest;
    return {
      id,
      name,
      version,
      pid: container.started.program,
      started_at,
      time: new Date(this.#clock.now()).toISOString(),
      monotonic_us: Math.round(this.#clock.monotonic() * 1000),
      ...stats,
    };
  }

  #find(name: string): Entry {
    const entry = this.#catalogue.find(name);
    if (!('rejected' in entry)) return entry;
    const id = rejectedId(entry);
    throw new ThubanError('TH6005', `\`${id}\` is rejected, so there is nothing to measure`, {
      hint: `thuban validate ${entry.rejected.file}`,
      details: { id, state: 'rejected', action: 'stats' },
    });
  }

  /** Now, and then at every interval. A reader that is slow misses some; they are not made up for. */
  async *#ticks({ interval = INTERVAL_S }: StatsQuery, signal: AbortSignal): AsyncGenerator<undefined> {
    const step = interval * 1000;
    for (let next = this.#clock.monotonic(); !signal.aborted;) {
      yield undefined;
      const now = this.#clock.monotonic();
      next += Math.max(1, Math.ceil((now - next) / step)) * step;
      try {
        await this.#clock.sleep(next - now, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    }
  }
}

function notRunning({ supervised: { id, state } }: Entry): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` is ${state}, stats needs running`, {
    hint: `thuban start ${id}`,
    details: { id, state, action: 'stats' },
  });
}
