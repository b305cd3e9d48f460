import { suggest } from '../base/index.ts';
import type { Report } from './report.ts';
import type { KeyPath } from './tree.ts';
import { quote } from './wording.ts';

/** A name of the time zone database; says whether it is. Node.js 22 also takes `+01:00`, which is no name and not understood by Node.js 20. */
export function checkTimeZone(report: Report, path: KeyPath, name: string): boolean {
  if (/^[A-Za-z]/.test(name) && name.length <= 64 && formatOf(name) !== undefined) return true;
  const meant = suggestZone(name);
  const fallback = 'write `UTC`, or a name such as `Europe/Berlin`';
  report.add(path, {
    code: 'TH1208',
    message: `there is no time zone ${quote(name)} on this board`,
    hint: meant === undefined ? fallback : `did you mean \`${meant}\`?`,
    ...(meant === undefined ? {} : { label: `did you mean \`${meant}\`?` }),
  });
  return false;
}

/** A name like it, or the one zone of that city. */
function suggestZone(name: string): string | undefined {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const city = name.trim().replaceAll(' ', '_').toLowerCase();
  const ofCity = zones.filter((zone) => zone.toLowerCase().endsWith(`/${city}`));
  return ofCity.length === 1 ? ofCity[0] : suggest(name, zones);
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    return undefined; // a RangeError: the only way in which Intl says that it does not know the name
  }
}

/** The year is fixed because the clock of a board may stand in 1970, when other rules held, and so that loading depends on the text only. */
const YEAR = 2027;

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** What clocks leave out when they go ahead: minutes of the day, and the day of the week, from Sunday, 0. */
export interface ClockGap {
  from: number;
  to: number;
  weekday: number;
}

/** What the clocks of a zone leave out in the course of a year. Undefined: they never go ahead. */
export function clockGap(zone: string): ClockGap | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  const offset = (minute: number): number => offsetIn(format, minute * MINUTE_MS);
  const samples = Array.from({ length: 13 }, (_, month) => Date.UTC(YEAR, month, 15) / MINUTE_MS);
  const [before, after] = [samples, samples.slice(1)];
  const month = after.findIndex((minute, at) => offset(minute) > offset(before[at] ?? minute));
  let [low, high] = [before[month], after[month]];
  if (low === undefined || high === undefined) return undefined;
  const [old, changed] = [offset(low), offset(high)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === old) low = middle;
    else high = middle;
  }
  const wall = high + old;
  const from = wall % DAY_MINUTES;
  return { from, to: from + changed - old, weekday: new Date(wall * MINUTE_MS).getUTCDay() };
}

/** Minutes ahead of UTC. */
function offsetIn(format: Intl.DateTimeFormat, instant: number): number {
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(name) ?? []; // plain `GMT` is UTC
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
}
