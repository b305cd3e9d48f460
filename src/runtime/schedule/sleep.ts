import type { Clock } from '../../base/index.ts';

/** A timer of Node.js holds 24 days and fires at once for more. */
const LONGEST_MS = 24 * 3_600_000;

/** Sleeps for any length. Rejects when the signal aborts. */
export async function sleepLong(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const end = clock.monotonic() + ms;
  for (let rest = ms; rest > 0; rest = end - clock.monotonic()) await clock.sleep(Math.min(rest, LONGEST_MS), signal);
}
