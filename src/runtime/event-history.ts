import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../base/index.ts';
import type { EventQuery, EventRecord } from './control.ts';
import { globs } from './globs.ts';
import { Waiting } from './waiting.ts';

/** Records that a reader is given at once. */
const BATCH = 100;

/**
 * The newest events of a daemon's life, numbered from 1. Readers hold a number, not a queue: a slow one costs nothing, and what it missed it is
 * told as a gap.
 */
export class EventHistory {
  /** Tells the numbers of one daemon's life from those of another. */
  readonly epoch: string;
  readonly #capacity: number;
  readonly #clock: Clock;
  /** The event of number n stands at n modulo the capacity. */
  readonly #ring: EventRecord[] = [];
  #seq = 0;
  readonly #waiting = new Waiting();

  /** `capacity`: events that are kept, at least 1. */
  constructor(capacity: number, options: { clock?: Clock; epoch?: string } = {}) {
    this.#capacity = capacity;
    this.#clock = options.clock ?? systemClock;
    this.epoch = options.epoch ?? randomBytes(8).toString('hex');
  }

  /** The number of the newest event; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  add(body: { type: string; container?: string } & Record<string, unknown>, time?: string): EventRecord {
    const seq = ++this.#seq;
    const record = { epoch: this.epoch, seq, time: time ?? this.#now(), ...body };
    this.#ring[seq % this.#capacity] = record;
    this.#waiting.wake();
    return record;
  }

  /** The newest events of one container, newest first. */
  newest(container: string, count: number): EventRecord[] {
    const found: EventRecord[] = [];
    for (let seq = this.#seq; seq >= this.#oldest && found.length < count; seq--) {
      const record = this.#at(seq);
      if (record?.container === container) found.push(record);
    }
    return found;
  }

  /**
   * Batches, oldest first. It ends with the newest event that is there when it is first asked, however fast more happens; with `follow` only
   * when the signal aborts. A gap tells from which number to which events are missing, whatever the filters; `from` is null for those of
   * another daemon.
   */
  async *read(query: EventQuery, signal: AbortSignal): AsyncGenerator<EventRecord[]> {
    const wanted = filterOf(query);
    const end = query.follow === true ? Infinity : this.#seq;
    let next = this.#first(query);
    if (next === 'other epoch') {
      // How many were lost nobody knows: they were another daemon's. What is lost while the reader takes this is another gap.
      next = this.#oldest;
      yield [this.#gap(null, next - 1)];
    }
    while (!signal.aborted) {
      const batch: EventRecord[] = [];
      if (next < this.#oldest) {
        batch.push(this.#gap(next, this.#oldest - 1));
        next = this.#oldest;
      }
      for (; next <= Math.min(end, this.#seq) && batch.length < BATCH; next++) {
        const record = this.#at(next);
        if (record !== undefined && wanted(record)) batch.push(record);
      }
      if (batch.length > 0) yield batch;
      else if (query.follow !== true) return;
      else if (next > this.#seq) await this.#waiting.wait(signal);
    }
  }

  /** The first number to be told. */
  #first(query: EventQuery): number | 'other epoch' {
    if (query.since === undefined) return this.#oldest;
    if (query.epoch !== undefined && query.epoch !== this.epoch) return 'other epoch';
    return query.since + 1;
  }

  get #oldest(): number {
    return Math.max(1, this.#seq - this.#capacity + 1);
  }

  #at(seq: number): EventRecord | undefined {
    return this.#ring[seq % this.#capacity];
  }

  #gap(from: number | null, to: number): EventRecord {
    return { epoch: this.epoch, seq: to, time: this.#now(), type: 'gap', from, to };
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function filterOf({ types, containers }: EventQuery): (record: EventRecord) => boolean {
  const ofType = types === undefined ? undefined : new Set(types);
  const isNamed = containers === undefined ? undefined : globs(containers);
  return ({ type, container }) => {
    if (ofType?.has(type) === false) return false;
    if (isNamed === undefined) return true;
    return container !== undefined && (isNamed(container) || isNamed(container.split(':')[0] ?? ''));
  };
}
