import { ThubanError, type Clock } from '../base/index.ts';
import type { ConsoleClient } from '../console/index.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** The daemon went away, or is about to. */
export function isLost(error: unknown): boolean {
  return error instanceof ThubanError && (error.code === 'TH6001' || error.code === 'TH6014');
}

/** Waits until a daemon answers again. Undefined: the signal came first. */
export async function reconnected(
  client: ConsoleClient,
  signal: AbortSignal,
  clock: Clock,
): Promise<{ pid: number } | undefined> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      await clock.sleep(pause, signal);
      return await client.version();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isLost(error)) throw error;
    }
  }
}
