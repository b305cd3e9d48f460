import { deferred } from './deferred.ts';

/** Milliseconds from a kill to the moment when a run is given up: a process in uninterruptible sleep keeps its init from ending. */
export const GIVE_UP_MS = 5000;

/** Whether `event` comes within so many milliseconds. */
export async function within(ms: number, event: Promise<unknown>): Promise<boolean> {
  const timer = deferred<false>();
  const handle = setTimeout(() => {
    timer.resolve(false);
  }, ms);
  try {
    return await Promise.race([event.then(() => true as const), timer.promise]);
  } finally {
    clearTimeout(handle);
  }
}
