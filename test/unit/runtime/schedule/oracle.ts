import { createTask } from 'node-cron';

const MINUTE = 60_000;

/** What a clock on the wall of the zone shows, from a formatter of its own: `2026-10-25 02:30`. */
function reader(zone: string): (instant: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return (instant) => format.format(instant);
}

/** Whether node-cron itself says that an instant fits. */
export function matcher(cron: string, zone: string): (instant: number) => boolean {
  const task = createTask(cron, () => undefined, { timezone: zone });
  void task.destroy(); // out of its registry; it still answers
  return (instant) => task.match(new Date(instant));
}

/**
 * The instants from `from` to `to` of an expression without seconds, found the slow way: minute for minute, by looking at the wall. The wall is
 * watched from a day before on, so that what it showed before is known.
 */
export function slowInstants(cron: string, zone: string, everyHour: boolean, from: number, to: number): number[] {
  const shows = reader(zone);
  const fits = everyHour ? matcher(cron, zone) : matcher(cron, 'UTC');
  const asIfUtc = (wall: string): number => Date.parse(`${wall.replace(' ', 'T')}Z`);
  const seen = new Set<string>();
  const found: number[] = [];
  let previous = asIfUtc(shows(from - 24 * 60 * MINUTE)) - MINUTE;
  for (let at = from - 24 * 60 * MINUTE; at <= to; at += MINUTE) {
    const wall = shows(at);
    const now = asIfUtc(wall);
    let runs = everyHour ? fits(at) : !seen.has(wall) && fits(now);
    // The clock jumped over these.
    if (!everyHour) for (let gap = previous + MINUTE; gap < now; gap += MINUTE) runs ||= fits(gap);
    seen.add(wall);
    previous = now;
    if (runs && at >= from) found.push(at);
  }
  return found;
}
