import { ThubanError } from '../base/index.ts';

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

const AMOUNT = /^(\d{1,15}(?:\.\d{1,9})?)(ms|min|s|m|h|d)/;

/** Seconds of `10s`, `1h30m`, `250 ms`, `2 d`, or a bare number of seconds. Undefined when it is none of that. */
export function readSeconds(text: string): number | undefined {
  let rest = text.replaceAll(' ', '');
  if (/^\d{1,15}(\.\d{1,9})?$/.test(rest)) return Number(rest);
  let seconds = 0;
  let amounts = 0;
  for (let match = AMOUNT.exec(rest); match !== null; match = AMOUNT.exec(rest)) {
    const [all, amount, unit = ''] = match;
    seconds += Number(amount) * (SECONDS[unit] ?? 0);
    rest = rest.slice(all.length);
    amounts++;
  }
  return amounts > 0 && rest === '' ? seconds : undefined;
}

/** What a timer of Node.js holds: 2^31 milliseconds. */
const LONGEST_S = 24 * 86_400;

/** The value of `--timeout` in seconds; Infinity for 0, which means for ever. TH6011 when it cannot be read. */
export function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = readSeconds(text);
  if (seconds === undefined || seconds > LONGEST_S)
    throw new ThubanError('TH6011', `\`${text}\` is not a time-out`, {
      hint: '--timeout 10s, 5m, 1h30m; at most 24d; 0 is for ever',
    });
  return seconds === 0 ? Infinity : seconds;
}

/** `10m` (that long ago), a time (`2026-01-31T10:00`, local unless it names a zone), or `@SEQ` where events have numbers. */
export type Since = { time: string } | { seq: number };

/** TH6011 for what is neither of these. */
export function readSince(text: string, { now = Date.now(), numbered = false } = {}): Since {
  const seq = /^@(\d{1,15})$/.exec(text)?.[1];
  if (numbered && seq !== undefined) return { seq: Number(seq) };
  const seconds = readSeconds(text);
  if (seconds !== undefined) return { time: new Date(now - Math.min(seconds * 1000, now)).toISOString() };
  const isTime = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  // A date alone would be read as UTC and a date with a time as local; both are local here.
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T'));
  if (!isTime || Number.isNaN(at))
    throw new ThubanError('TH6011', `\`${text}\` is not a time`, {
      hint: `--since 10m, --since 2026-01-31T10:00${numbered ? ', --since @SEQ' : ''}`,
    });
  return { time: new Date(at).toISOString() };
}
