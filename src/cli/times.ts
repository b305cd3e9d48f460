import { formatShortDuration } from '../base/index.ts';
import type { Terminal } from './terminal.ts';

const DAY_MS = 86_400_000;

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/**
 * A time for a person: the local clock, with the date when it is more than a day away. Where nobody looks it is what programs read:
 * RFC 3339, UTC.
 */
export function clockTime(time: string, terminal: Terminal, { now = Date.now(), milliseconds = false } = {}): string {
  if (!terminal.isTTY) return time;
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '?';
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const exact = milliseconds ? `${clock}.${String(at.getMilliseconds()).padStart(3, '0')}` : clock;
  if (Math.abs(now - at.getTime()) < DAY_MS) return exact;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${exact}`;
}

/** `4s ago`, `3d ago`. A clock that was set back since then makes it `0s ago`, never a negative time. */
export function ago(time: string, now = Date.now()): string {
  const ms = Math.max(0, now - Date.parse(time));
  return `${ms < 1000 ? '0s' : formatShortDuration(ms, 1)} ago`;
}

/** A time of a schedule, in UTC as schedules are unless they say otherwise: `03:00 UTC`, with the date when it is more than a day away. */
export function runTime(time: string, now = Date.now()): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '?';
  const [date = '', clock = ''] = at.toISOString().split('T');
  const short = clock.slice(6, 8) === '00' ? clock.slice(0, 5) : clock.slice(0, 8);
  return `${Math.abs(at.getTime() - now) < DAY_MS ? '' : `${date} `}${short} UTC`;
}

/** `in 12s`; `now` when the time has come. */
export function fromNow(time: string, now = Date.now()): string {
  const ms = Date.parse(time) - now;
  return ms < 1000 ? 'now' : `in ${formatShortDuration(ms)}`;
}
