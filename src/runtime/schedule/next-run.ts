import type { Timetable } from './timetable.ts';

const HOUR_MS = 3_600_000;
/** Vixie cron's bound: a clock that is set back by less is being corrected, one that is set back by more was wrong. */
export const CORRECTION_MS = 3 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;
/** By how much a run may follow the one before it too early. */
const TOLERANCE_MS = 1000;

/** The instant that came last: when it was, and how much time has passed since, whatever the clock was set to. */
export interface Past {
  due: number;
  elapsed: number;
}

/**
 * The next instant at which to run. It matters what has been only when the clock was set back and shows times again: those of a schedule that
 * goes by the wall do not come again, unless the clock was wrong by hours; those of one that goes by elapsed time come when as much time
 * has passed as lies before them on the clock, so that nothing runs twice within seconds and nothing rests for the hour that is repeated.
 */
export function nextRun(timetable: Timetable, now: number, past: Past | undefined): number | undefined {
  const next = timetable.next(now);
  if (past === undefined || next === undefined || next > past.due) return next;
  if (!timetable.everyHour) return past.due - now < CORRECTION_MS ? timetable.next(past.due) : next;
  let before = timetable.last(now - DAY_MS, now) ?? now - DAY_MS;
  for (let again: number | undefined = next; again !== undefined; again = timetable.next(again)) {
    const elapsed = past.elapsed + (again - now);
    if (again > past.due || elapsed >= again - before - TOLERANCE_MS) return again;
    before = again;
  }
  return undefined;
}
