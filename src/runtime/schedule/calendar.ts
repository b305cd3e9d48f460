/** A value of the fields day of month and day of week: a number, or one of `L`, `L-3`, `15W`, `LW` and `5L`, `2#3`. */
export type DayValue = number | string;

/** A day of the Gregorian calendar. Months count from 1, days of the week from Sunday, 0. */
export interface Day {
  year: number;
  month: number;
  day: number;
  weekday: number;
}

export function lengthOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Both fields must allow the day. */
export function allowsDay(days: readonly DayValue[], weekdays: readonly DayValue[], day: Day): boolean {
  return days.some((value) => isDayOfMonth(value, day)) && weekdays.some((value) => isDayOfWeek(value, day));
}

function isDayOfMonth(value: DayValue, { year, month, day, weekday }: Day): boolean {
  if (typeof value === 'number') return value === day;
  const last = lengthOfMonth(year, month);
  if (value === 'L') return day === last;
  if (value.startsWith('L-')) return day === last - Number(value.slice(2));
  const wanted = value === 'LW' ? last : Number(value.slice(0, -1));
  return wanted <= last && day === nearestWorkday(wanted, last, weekday + 7 + ((wanted - day) % 7));
}

/** `15W`: the working day next to the 15th, in the same month. `weekday`: of the day that is wanted, plus any number of weeks. */
function nearestWorkday(wanted: number, last: number, weekday: number): number {
  if (weekday % 7 === 6) return wanted === 1 ? 3 : wanted - 1;
  if (weekday % 7 === 0) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

function isDayOfWeek(value: DayValue, { year, month, day, weekday }: Day): boolean {
  if (typeof value === 'number') return value === weekday;
  const [wanted = '', nth] = value.split(/[#L]/i);
  if (Number(wanted) % 7 !== weekday) return false;
  if (value.includes('#')) return Math.ceil(day / 7) === Number(nth);
  return day + 7 > lengthOfMonth(year, month);
}
