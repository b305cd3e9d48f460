import type { Clock } from '../../src/base/index.ts';

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #sleepers = new Set<{ until: number; resolve: () => void }>();

  constructor(start = '2026-01-31T10:00:00.000Z') {
    this.#wall = Date.parse(start);
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(new Error('aborted'));
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(new Error('aborted'));
      };
      const sleeper = {
        until: this.#monotonic + ms,
        resolve: (): void => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort);
    });
  }

  /** Sets the wall clock, as NTP or a person does; nobody's sleep gets shorter by it. */
  set(wall: string | number): void {
    this.#wall = typeof wall === 'string' ? Date.parse(wall) : wall;
  }

  /** Moves both clocks, and gives those who slept until now their turn. */
  async advance(ms: number): Promise<void> {
    this.#wall += ms;
    this.#monotonic += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.until > this.#monotonic) continue;
      this.#sleepers.delete(sleeper);
      sleeper.resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
