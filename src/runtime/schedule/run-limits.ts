import { formatDuration, reasonOf, type Clock } from '../../base/index.ts';
import type { Schedule } from '../../manifest/index.ts';
import type { DaemonLog } from '../daemon-options.ts';
import { sleepLong } from './sleep.ts';

interface Run {
  /** On the clock that never steps. */
  since: number;
  limit: AbortController;
}

export interface RunLimitsParts {
  clock: Clock;
  log: DaemonLog;
  stop: (reason: string, run: string) => Promise<void>;
}

/**
 * Ends runs that last longer than the schedule allows. The time counts from the start of the program to its end, also when another daemon began
 * it; a restart counts anew.
 */
export class RunLimits {
  readonly #parts: RunLimitsParts;
  readonly #runs = new Map<string, Run>();
  #max: Schedule['max_runtime'];

  constructor(max: Schedule['max_runtime'], parts: RunLimitsParts) {
    this.#max = max;
    this.#parts = parts;
  }

  /** `uptime`: milliseconds for which it has run. */
  started(id: string, uptime: number): void {
    this.ended(id);
    const run = { since: this.#parts.clock.monotonic() - uptime, limit: new AbortController() };
    this.#runs.set(id, run);
    void this.#watch(id, run);
  }

  ended(id: string): void {
    this.#runs.get(id)?.limit.abort();
    this.#runs.delete(id);
  }

  changed(max: Schedule['max_runtime']): void {
    if (max === this.#max) return;
    this.#max = max;
    for (const [id, { since }] of [...this.#runs]) this.started(id, this.#parts.clock.monotonic() - since);
  }

  dispose(): void {
    for (const id of [...this.#runs.keys()]) this.ended(id);
  }

  async #watch(id: string, { since, limit }: Run): Promise<void> {
    if (this.#max === 'unlimited') return;
    const { clock, log, stop } = this.#parts;
    const max = formatDuration(this.#max * 1000);
    try {
      await sleepLong(clock, this.#max * 1000 - (clock.monotonic() - since), limit.signal);
    } catch {
      return; // it ended before
    }
    log('warn', `${id} has run for longer than its max_runtime of ${max} and is stopped`, {
      container: id,
      code: 'TH4007',
    });
    try {
      await stop(`max_runtime ${max}`, id);
    } catch (error) {
      log('error', `${id} could not be stopped: ${reasonOf(error)}`, { container: id, code: 'TH4007' });
    }
  }
}
