import type { Clock } from '../../base/index.ts';

/** What a clock that is corrected gently may gain or lose between two looks. */
const STEP_MS = 2000;

/** Tells when the wall clock was set, by the clock that never is. A suspended board looks the same, as that one stands still meanwhile. */
export class StepDetector {
  readonly #clock: Clock;
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = this.offset;
  }

  /** How far the wall clock is ahead of the one that never steps. */
  get offset(): number {
    return this.#clock.now() - this.#clock.monotonic();
  }

  /** Milliseconds by which the wall clock was set since the last look, or 0. */
  look(): number {
    const { offset } = this;
    const jump = offset - this.#offset;
    this.#offset = offset;
    return Math.abs(jump) > STEP_MS ? Math.round(jump) : 0;
  }
}
