import type { Timetable } from './timetable.ts';

/** Nobody waits for what was due longer ago than this, however the manifest reads. */
const MOST_MS = 7 * 24 * 3_600_000;
/** Every minute of a week. More are not counted. */
const MOST_COUNTED = 7 * 24 * 60;
/** As many are counted in one turn of the event loop: some milliseconds on a small board. */
const COUNTED_AT_ONCE = 500;

/** Instants after `from`, the last of which is `to`. */
export interface Interval {
  from: number;
  to: number;
}

export interface Missed {
  /** The instant that one run makes up for. */
  catchUp?: number;
  /** The instants that nothing makes up for. */
  skipped?: Interval;
}

/** What becomes of the instants after `from` that have passed unseen. `windowMs`: how long ago one may be that is made up for; 0 for none. */
export function judgeMissed(timetable: Timetable, from: number, now: number, windowMs: number): Missed {
  const since = Math.max(from, now - MOST_MS);
  const due = since < now ? timetable.last(since, now) : undefined;
  if (due === undefined) return {};
  if (windowMs === 0 || now - due > windowMs) return { skipped: { from: since, to: due } };
  const other = timetable.last(since, due - 1);
  return { catchUp: due, ...(other === undefined ? {} : { skipped: { from: since, to: other } }) };
}

/** How many instants there are, at most one for every minute of a week. It lets others run in between. */
export async function countMissed(timetable: Timetable, { from, to }: Interval): Promise<number> {
  let count = 0;
  for (let at = timetable.next(from); at !== undefined && at <= to && count < MOST_COUNTED; at = timetable.next(at)) {
    count++;
    if (count % COUNTED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}
