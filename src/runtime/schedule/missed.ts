import type { Timetable } from './timetable.ts';

/** Nobody waits for what was due longer ago than this, however the manifest reads. */
const MOST_MS = 7 * 24 * 3_600_000;

export interface Missed {
  /** The instant that one run makes up for. */
  catchUp?: number;
  /** The instants that nothing makes up for: how many, and the last of them. */
  skipped?: { count: number; due: number };
}

/** What became of the instants after `from` that have passed unseen. `windowMs`: how long ago one may be that is made up for; 0 for none. */
export function judgeMissed(timetable: Timetable, from: number, now: number, windowMs: number): Missed {
  const since = Math.max(from, now - MOST_MS);
  const due = since < now ? timetable.last(since, now) : undefined;
  if (due === undefined) return {};
  const count = timetable.count(since, now);
  if (windowMs === 0 || now - due > windowMs) return { skipped: { count, due } };
  if (count === 1) return { catchUp: due };
  return { catchUp: due, skipped: { count: count - 1, due: timetable.last(since, due - 1) ?? due } };
}
