import { parse } from 'node-cron';
import { allowsDay, lengthOfMonth, type DayValue } from './calendar.ts';

/** A cron expression as sets of numbers, each in order. */
export interface Pattern {
  seconds: readonly number[];
  minutes: readonly number[];
  hours: readonly number[];
  days: readonly DayValue[];
  months: ReadonlySet<number>;
  weekdays: readonly DayValue[];
}

const DAY_S = 86_400;
/** The 29th of February falls on a given day of the week at least every 40 years. What is not found by then never comes. */
const YEARS = 41;

/** @throws Error that says what is wrong with the expression. */
export function readPattern(cron: string): Pattern {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parse(cron);
  const ascending = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  return {
    seconds: ascending(second),
    minutes: ascending(minute),
    hours: ascending(hour),
    days: dayOfMonth,
    months: new Set(month),
    weekdays: dayOfWeek,
  };
}

/**
 * The first time after `wall` that the pattern names. Times here are what a clock on the wall shows, written as milliseconds since 1970
 * without regard to any zone. Undefined: there is none, as with `0 0 30 2 *`.
 */
export function nextOnWall(pattern: Pattern, wall: number): number | undefined {
  const second = Math.floor(wall / 1000) + 1;
  const today = Math.floor(second / DAY_S);
  const begin = new Date(today * DAY_S * 1000);
  const limit = begin.getUTCFullYear() + YEARS;
  let [year, month, day] = [begin.getUTCFullYear(), begin.getUTCMonth() + 1, begin.getUTCDate()];
  let number = today;
  while (year <= limit) {
    const length = lengthOfMonth(year, month);
    const skip = pattern.months.has(month) ? 0 : length - day + 1;
    const weekday = (((number + 4) % 7) + 7) % 7; // the first of January 1970 was a Thursday
    if (skip === 0 && allowsDay(pattern.days, pattern.weekdays, { year, month, day, weekday })) {
      const time = timeFrom(pattern, number === today ? second - today * DAY_S : 0);
      if (time !== undefined) return (number * DAY_S + time) * 1000;
    }
    number += Math.max(1, skip);
    day += Math.max(1, skip);
    if (day <= length) continue;
    day = 1;
    month = month === 12 ? 1 : month + 1;
    if (month === 1) year++;
  }
  return undefined;
}

/** The first time of a day, in seconds from its beginning, that is not before `from`. */
function timeFrom({ hours, minutes, seconds }: Pattern, from: number): number | undefined {
  const [hour, minute, second] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60];
  const [firstMinute = 0] = minutes;
  const [firstSecond = 0] = seconds;
  for (const h of hours) {
    if (h < hour) continue;
    if (h > hour) return h * 3600 + firstMinute * 60 + firstSecond;
    for (const m of minutes) {
      if (m < minute) continue;
      const s = m > minute ? firstSecond : seconds.find((value) => value >= second);
      if (s !== undefined) return h * 3600 + m * 60 + s;
    }
  }
  return undefined;
}
