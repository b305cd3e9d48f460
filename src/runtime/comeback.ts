import { failpoint, reasonOf, type Clock } from '../base/index.ts';
import type { Restart } from '../manifest/index.ts';
import type { Board } from './container.ts';
import { isLauncherLost, type Exit } from './exit.ts';
import { monotonicMs, type Ledger } from './ledger.ts';
import { afterRun, decideRestart } from './restart.ts';

export interface ComebackParts {
  ledger: Ledger;
  clock: Clock;
  board: Board;
  random: () => number;
  policy: () => Restart;
  /** The next start is yet to come. */
  onWait: () => void;
  onFailure: (error: unknown) => void;
}

/** What is between two runs of a container. */
export class Comeback {
  readonly #parts: ComebackParts;
  #wake: AbortController | undefined;

  constructor(parts: ComebackParts) {
    this.#parts = parts;
  }

  /** In `backoff`: goes on at once. */
  wake(): void {
    this.#wake?.abort();
  }

  /** What follows a run: false, it rests. */
  async goesOn(exit: Exit, stop: AbortSignal): Promise<boolean> {
    const { ledger } = this.#parts;
    const policy = this.#parts.policy();
    if (ledger.state === 'stopped' || ledger.state === 'failed') return false;
    if (this.#parts.board.recovered !== undefined && isLauncherLost(exit) && !stop.aborted) return this.#recover(stop);
    ledger.history = afterRun(ledger.history, policy, exit.duration);
    const counted = ledger.history.restarts;
    const decision = stop.aborted
      ? ({ action: 'stay', limit: false } as const)
      : decideRestart(policy, exit, ledger.history, this.#parts.random());
    if (decision.action === 'stay') {
      if (decision.limit) ledger.become('failed', `restart limit reached: ${counted + 1} starts`, 'TH4001');
      else ledger.become(exit.reason === 'start_failed' ? 'failed' : 'stopped');
      return false;
    }
    const { number, delay } = decision;
    ledger.nextStart = monotonicMs() + delay;
    ledger.become('backoff');
    const { max_restarts: max } = policy;
    ledger.emit({ type: 'restarting', number, max, delay: delay / 1000, policy: policy.policy });
    failpoint('backoff.saved');
    return this.backOff(delay, stop);
  }

  /** `delay` in milliseconds. */
  async backOff(delay: number, stop: AbortSignal): Promise<boolean> {
    const { ledger } = this.#parts;
    this.#parts.onWait();
    this.#wake = new AbortController();
    await this.#parts.clock.sleep(delay, AbortSignal.any([stop, this.#wake.signal])).catch(() => undefined); // woken
    this.#wake = undefined;
    ledger.nextStart = undefined;
    if (stop.aborted) {
      ledger.become('stopped');
      return false;
    }
    failpoint('backoff.over');
    ledger.history = { restarts: ledger.history.restarts + 1 };
    ledger.restarts++;
    return true;
  }

  /** The launcher ended and took this container with it; that is no fault of the container. */
  async #recover(stop: AbortSignal): Promise<boolean> {
    const { ledger } = this.#parts;
    this.#parts.onWait();
    ledger.become('backoff', 'the launcher ended; it is started again with a new one');
    try {
      await this.#parts.board.recovered?.();
    } catch (error) {
      this.#parts.onFailure(error);
      ledger.become('stopped', `there is no launcher: ${reasonOf(error)}`);
      return false;
    }
    if (!stop.aborted) return true;
    ledger.become('stopped');
    return false;
  }
}
