import type { Clock } from '../base/index.ts';

/**
 * A token bucket for lines. It holds as many as may come in a second; who has emptied it gets none until it is full again, so that a flood
 * loses lines in one piece of a second and not every other line.
 */
export class LineGate {
  readonly #rate: number;
  readonly #clock: Clock;
  #tokens: number;
  #at: number;
  #isClosed = false;

  /** `rate`: lines a second, at least 1; Infinity lets everything through. */
  constructor(rate: number, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate;
    this.#at = clock.monotonic();
  }

  /** Milliseconds until it opens; 0 when it is open. */
  get opensIn(): number {
    this.refill();
    return this.#isClosed ? ((this.#rate - this.#tokens) / this.#rate) * 1000 : 0;
  }

  /** Looks at the clock, once for many lines. */
  refill(): void {
    const now = this.#clock.monotonic();
    const gained = now > this.#at ? ((now - this.#at) / 1000) * this.#rate : 0;
    this.#at = now;
    this.#tokens = Math.min(this.#rate, this.#tokens + gained);
    if (this.#tokens === this.#rate) this.#isClosed = false;
  }

  /** Whether one more line may pass. */
  take(): boolean {
    if (this.#tokens < 1) this.#isClosed = true;
    if (this.#isClosed) return false;
    this.#tokens--;
    return true;
  }
}
