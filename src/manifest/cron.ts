import { createTask, validateDetailed, type ParsedFields } from 'node-cron';
import { suggest } from '../base/index.ts';
import type { ClockGap } from './time-zones.ts';
import { quote } from './wording.ts';

const NICKNAMES = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'];
const EXAMPLE = 'write for example `*/15 * * * *`';

interface Field {
  key: keyof ParsedFields;
  /** With its article. */
  name: string;
  allowed: string;
  /** How many different ones there are. */
  values: number;
}

/** With seconds in front; a text of 5 fields has none. */
const FIELDS: readonly Field[] = [
  { key: 'second', name: 'a second', allowed: '0 to 59', values: 60 },
  { key: 'minute', name: 'a minute', allowed: '0 to 59', values: 60 },
  { key: 'hour', name: 'an hour', allowed: '0 to 23', values: 24 },
  { key: 'dayOfMonth', name: 'a day of month', allowed: '1 to 31, `L`, `L-2`, `LW` or `15W`', values: 31 },
  { key: 'month', name: 'a month', allowed: '1 to 12 or jan to dec', values: 12 },
  { key: 'dayOfWeek', name: 'a day of week', allowed: '0 to 7 or sun to sat, `5L` or `2#3`', values: 7 },
];

const NAMES = [
  ...['jan(uary)?', 'feb(ruary)?', 'mar(ch)?', 'apr(il)?', 'may', 'june?', 'july?', 'aug(ust)?'],
  ...['sep(tember)?', 'oct(ober)?', 'nov(ember)?', 'dec(ember)?'],
  ...['sun(day)?', 'mon(day)?', 'tue(sday)?', 'wed(nesday)?', 'thu(rsday)?', 'fri(day)?', 'sat(urday)?'],
].join('|');
const VALUE = `([0-9]{1,2}|${NAMES})`;
/**
 * What a part of a field looks like. node-cron would read `jan1` as November, and expand `0-99999999999` until the memory is
 * full, so it is asked only about what has this form.
 */
const PART = new RegExp(
  `^((\\*|${VALUE}(-${VALUE})?)(/[0-9]{1,2})?|\\?|L(-[0-9]{1,2})?|LW|[0-9]{1,2}W|${VALUE}(L|#[1-5]))$`,
  'i',
);

const LONGEST = 256;

export interface CronFault {
  reason: string;
  hint: string;
}

export type Cron = { text: string; fields: ParsedFields } | { fault: CronFault };

/** Reads a cron text. `text` of the result is its one form: single blanks, nicknames in lower case. */
export function readCron(written: string): Cron {
  const text = written.replaceAll(/ +/g, ' ').trim();
  if (text.startsWith('@')) return nickname(text.toLowerCase());
  if (text.length > LONGEST)
    return { fault: { reason: `it is ${text.length} characters long, at most ${LONGEST} are read`, hint: EXAMPLE } };
  const parts = text.split(' ');
  if (text === '' || (parts.length !== 5 && parts.length !== 6))
    return {
      fault: {
        reason: `it has ${text === '' ? 0 : parts.length} fields, a schedule has 5, or 6 with seconds in front`,
        hint: EXAMPLE,
      },
    };
  const strange = parts.findIndex((field) => !field.split(',').every((part) => PART.test(part)));
  if (strange >= 0) return { fault: fieldFault(strange + FIELDS.length - parts.length, parts) };
  const wide = stepFault(parts);
  return wide === undefined ? judged(text, parts) : { fault: wide };
}

/** A step over more values than the field has matches the first one only, which nobody means who writes a step. */
function stepFault(parts: readonly string[]): CronFault | undefined {
  for (const [at, written] of parts.entries()) {
    const field = FIELDS[at + FIELDS.length - parts.length];
    const step = Math.max(0, ...written.split(',').map((part) => Number(/\/(\d+)$/.exec(part)?.[1] ?? 0)));
    if (field === undefined || step <= field.values) continue;
    return {
      reason: `field ${at + 1}, ${quote(written)}, has a step of ${step}, and ${field.name} has only ${field.values} values`,
      hint: `write a step of at most ${field.values}; what is longer is counted by the next field`,
    };
  }
  return undefined;
}

function judged(text: string, parts: readonly string[]): Cron {
  const { errors, fields } = validateDetailed(text);
  const [error] = errors;
  const index = FIELDS.findIndex(({ key }) => key === error?.field);
  if (error?.message.includes('impossible') === true) return { fault: neverFault(text) };
  if (error !== undefined && index >= 0) return { fault: fieldFault(index, parts) };
  if (fields === undefined) return { fault: { reason: error?.message ?? 'it cannot be read', hint: EXAMPLE } };
  return hasDay(text, fields) ? { text, fields } : { fault: neverFault(text) };
}

/** Words like `31W` may name a day that no month has, or none that is such a day of the week; node-cron looks 100 years ahead. */
function hasDay(text: string, { dayOfMonth, dayOfWeek }: ParsedFields): boolean {
  if ([...dayOfMonth, ...dayOfWeek].every((day) => typeof day === 'number')) return true;
  const task = createTask(text, () => undefined, { timezone: 'UTC' });
  try {
    return task.getNextRuns(1).length === 1;
  } catch {
    return false; // it throws when there is none
  } finally {
    // node-cron keeps every task in a list of its own.
    void task.destroy();
  }
}

function neverFault(text: string): CronFault {
  const [day = '', month = '', week = ''] = text.split(' ').slice(-3);
  const months = /[,-]/.test(month) ? `months ${quote(month)} have` : `month ${quote(month)} has`;
  const inMonth = month === '*' ? 'of a month' : `of month ${quote(month)}`;
  return {
    reason:
      week === '*'
        ? `${month === '*' ? 'no month has a' : `${months} no`} day ${quote(day)}`
        : `no day is day ${quote(day)} ${inMonth} and also day of week ${quote(week)}`,
    hint: 'choose a day that exists, for example `0 3 28 2 *`, or `0 3 L * *` for the last day of each month',
  };
}

function fieldFault(index: number, parts: readonly string[]): CronFault {
  const { name, allowed } = FIELDS[index] ?? { name: 'a field', allowed: 'a number' };
  const number = index - (FIELDS.length - parts.length);
  return {
    reason: `field ${number + 1}, ${quote(parts[number] ?? '')}, is not ${name}`,
    hint: `${name} is ${allowed}; lists \`1,2\`, ranges \`1-5\` and steps \`*/5\` are allowed`,
  };
}

function nickname(text: string): Cron {
  const { fields } = NICKNAMES.includes(text) ? validateDetailed(text) : {};
  if (fields !== undefined) return { text, fields };
  const reason = 'there is no such word';
  if (text === '@reboot')
    return { fault: { reason, hint: 'write `autostart: relaxed` instead of a schedule to start it with Thuban' } };
  const meant = suggest(text, NICKNAMES);
  const words = `one of ${NICKNAMES.join(', ')}, or 5 fields such as \`*/15 * * * *\``;
  return { fault: { reason, hint: meant === undefined ? words : `did you mean \`${meant}\`?` } };
}

const HOURS = 24;

/**
 * Whether several of its times lie in what the clocks leave out when they go ahead, or right after it. What has every hour goes by elapsed
 * time and loses none.
 */
export function comesTwiceIn({ second, minute, hour, dayOfWeek }: ParsedFields, gap: ClockGap): boolean {
  const hours = new Set(hour);
  if (hours.size === HOURS) return false;
  if (!dayOfWeek.some((day) => typeof day === 'string' || day === gap.weekday)) return false;
  const minutes = [...hours].flatMap((h) => [...new Set(minute)].map((m) => h * 60 + m));
  const before = minutes.filter((at) => at >= gap.from && at < gap.to).length * new Set(second).size;
  return before > 1 || (before === 1 && minutes.includes(gap.to) && second.includes(0));
}
