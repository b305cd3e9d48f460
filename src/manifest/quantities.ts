import type { Code } from '../base/index.ts';
import { suggest } from '../base/index.ts';
import { readAmount, readAmounts, whole, type Amount } from './amounts.ts';
import { isOldOctal, parseInteger } from './interpret.ts';
import { quote } from './wording.ts';

/** What is wrong with a quantity, or what it is worth noting. */
export interface Complaint {
  code: Code;
  message: string;
  label?: string;
  hint: string;
}

export type Reading = { value: number; warning?: Complaint } | { complaint: Complaint };

type Written = string | number;

const KILO = ['k', 'm', 'g', 't', 'p', 'e'] as const;

/** Factor of a size unit, in Northstar's forms: `b`, then `k kb` times 1000 and `ki kib` times 1024, in any case. */
function sizeFactor(unit: string): bigint | undefined {
  const name = unit.toLowerCase();
  if (name === '' || name === 'b') return 1n;
  const power = KILO.findIndex((letter) => name.startsWith(letter)) + 1;
  if (power === 0) return undefined;
  const rest = name.slice(1);
  if (rest === '' || rest === 'b') return 1000n ** BigInt(power);
  return rest === 'i' || rest === 'ib' ? 1024n ** BigInt(power) : undefined;
}

/** Bytes: a whole number, or NUMBER UNIT. A fraction must give whole bytes; a bare `M` is read with a warning. */
export function readSize(written: Written): Reading {
  if (typeof written === 'number') return wholeNumber(written, 'TH1202', 'size');
  const amount = readAmount(written);
  if (amount === undefined) return unreadable('TH1202', written, 'size', undefined, 'write `64 MiB` or `64 MB`');
  if (amount.unit === '' && isOldOctal(written)) return { complaint: oldOctal(written) };
  const factor = sizeFactor(amount.unit);
  if (factor === undefined)
    return unreadable('TH1202', written, 'size', `unknown unit ${quote(amount.unit)}`, sizeHint(amount));
  const bytes = whole(amount, factor);
  if (bytes === undefined)
    return unreadable('TH1202', written, 'size', 'not a whole number of bytes', sizeHint(amount));
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) return { complaint: tooLarge(written) };
  const value = Number(bytes);
  const [letter] = amount.unit;
  if (amount.unit.length !== 1 || letter === undefined || /b/i.test(letter)) return { value };
  const [decimal, binary] = [
    `${letter.toLowerCase() === 'k' ? 'k' : letter.toUpperCase()}B`,
    `${letter.toUpperCase()}iB`,
  ];
  return {
    value,
    warning: {
      code: 'TH1310',
      message: `${quote(written)} means ${value} bytes`,
      hint: `write \`${amount.number} ${decimal}\` for the same, or \`${amount.number} ${binary}\``,
    },
  };
}

function sizeHint(amount: Amount): string {
  const letter = amount.unit.charAt(0).toUpperCase();
  const unit = /[KMGTPE]/.test(letter) ? letter : 'M';
  const number = whole(amount, 1n) === undefined || amount.numerator < 0n ? '64' : amount.number;
  const binary = Number(number) * Number(sizeFactor(`${unit}i`));
  const decimal = Number(number) * Number(sizeFactor(unit));
  return `${number} ${unit}iB (${binary} bytes) or ${number} ${unit === 'K' ? 'k' : unit}B (${decimal} bytes)`;
}

/** A size, or -1 or `unlimited`, which are the same. Other negative numbers are left to the planner. */
export function readMemoryLimit(written: Written): Reading {
  return written === 'unlimited' ? { value: -1 } : readSize(written);
}

/** A rate: a number per second, or a size with or without `/s`. */
export function readRate(written: Written): Reading {
  return readSize(typeof written === 'string' ? written.replace(/[ \t]*\/[ \t]*s$/, '') : written);
}

const MICROSECONDS = {
  us: 1n,
  µs: 1n,
  μs: 1n,
  ms: 1000n,
  s: 1_000_000n,
  min: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
} as const;

function timeFactor(unit: string, units: readonly string[]): bigint | undefined {
  return units.includes(unit) ? MICROSECONDS[unit as keyof typeof MICROSECONDS] : undefined;
}

/** A timer of the runtime holds 2^31 milliseconds. */
const MAX_SECONDS = 24 * 86_400;
const DURATION_UNITS = ['us', 'µs', 'μs', 'ms', 's', 'min', 'h', 'd'];

/** Seconds: a number of seconds, or `250 ms`, `10 s`, `1 h 30 min`, `2 d`. */
export function readDuration(written: Written): Reading {
  const hint = 'write `250 ms`, `10 s`, `5 min` or a number of seconds';
  let seconds: number;
  if (typeof written === 'number') seconds = written;
  else {
    const amounts = readAmounts(written);
    if (amounts === undefined) return unreadable('TH1203', written, 'duration', undefined, hint);
    if (isOldOctal(written.trim())) return { complaint: oldOctal(written.trim()) };
    let total = 0;
    for (const amount of amounts) {
      const unit = amount.unit === '' && amounts.length === 1 ? 's' : amount.unit;
      const factor = timeFactor(unit, DURATION_UNITS);
      if (factor === undefined)
        return unreadable(
          'TH1203',
          written,
          'duration',
          unit === '' ? 'a number without a unit' : unknownUnit(unit, DURATION_UNITS),
          hint,
        );
      total += Number(amount.numerator * factor) / Number(amount.denominator);
    }
    seconds = total / 1e6;
  }
  if (seconds >= 0 && seconds <= MAX_SECONDS) return { value: seconds };
  return outOfRange(written, '0 s', '24 d', seconds < 0 ? '0 s' : '24 d');
}

const CPU_UNITS = ['us', 'µs', 'μs', 'ms', 's'];

/** Microseconds: a number of them, or `20 ms`. */
export function readCpuTime(written: Written): Reading {
  const hint = 'write `20 ms` or a number of microseconds';
  if (typeof written === 'number') return wholeNumber(written, 'TH1204', 'CPU time', hint);
  const amount = readAmount(written);
  if (amount === undefined) return unreadable('TH1204', written, 'CPU time', undefined, hint);
  if (amount.unit === '' && isOldOctal(written)) return { complaint: oldOctal(written) };
  const factor = timeFactor(amount.unit === '' ? 'us' : amount.unit, CPU_UNITS);
  if (factor === undefined) return unreadable('TH1204', written, 'CPU time', unknownUnit(amount.unit, CPU_UNITS), hint);
  const value = whole(amount, factor);
  if (value === undefined) return unreadable('TH1204', written, 'CPU time', 'not a whole number of microseconds', hint);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? { complaint: tooLarge(written) } : { value: Number(value) };
}

/** Microseconds per period: as a CPU time, or `150 %` or `1.5 cpus` of one CPU. */
export function readQuota(written: Written, period: number): Reading {
  const amount = typeof written === 'string' ? readAmount(written) : undefined;
  const hint = 'write `150 %` (of one CPU), `1.5 cpus`, `20 ms` or a number of microseconds';
  if (amount !== undefined && /^(%|cpus?)$/.test(amount.unit)) {
    const share = Number(amount.numerator) / Number(amount.denominator) / (amount.unit === '%' ? 100 : 1);
    const value = Math.round(share * period);
    if (share > 0 && Number.isSafeInteger(value)) return { value };
    return unreadable('TH1204', written, 'CPU amount', 'must be more than 0', hint);
  }
  const units = [...CPU_UNITS, '%', 'cpus'];
  if (typeof written === 'number') return wholeNumber(written, 'TH1204', 'CPU amount', hint);
  if (amount === undefined) return unreadable('TH1204', written, 'CPU amount', undefined, hint);
  if (amount.unit !== '' && !units.includes(amount.unit))
    return unreadable('TH1204', written, 'CPU amount', unknownUnit(amount.unit, units), hint);
  return readCpuTime(written);
}

/** A part of a whole: `20 %` or 0.2. */
export function readShare(written: Written): Reading {
  let value = typeof written === 'number' ? written : undefined;
  if (typeof written === 'string') {
    const amount = readAmount(written);
    if (amount === undefined || (amount.unit !== '%' && amount.unit !== ''))
      return unreadable('TH1201', written, 'share', undefined, 'write `20 %` or `0.2`');
    value = Number(amount.numerator) / Number(amount.denominator) / (amount.unit === '%' ? 100 : 1);
  }
  if (value !== undefined && value >= 0 && value <= 1) return { value };
  return outOfRange(written, '0 %', '100 %', (value ?? 0) < 0 ? '0 %' : '100 %');
}

/** A count, or `unlimited`, which is the given number. */
export function readCount(written: Written, unlimited: number, minimum = -Infinity): Reading {
  if (written === 'unlimited') return { value: unlimited };
  const number = typeof written === 'number' ? written : parseInteger(written);
  if (number === undefined) {
    if (isOldOctal(String(written))) return { complaint: oldOctal(String(written)) };
    const meant = suggest(String(written), ['unlimited']);
    const label = meant === undefined ? undefined : `did you mean \`${meant}\`?`;
    const hint = 'write a whole number or `unlimited`';
    return unreadable('TH1201', written, 'count', label, label === undefined ? hint : `${label} ${hint}`);
  }
  if (number < minimum) return outOfRange(written, String(minimum), 'any', String(minimum));
  return wholeNumber(number, 'TH1201', 'count');
}

function wholeNumber(value: number, code: Code, what: string, hint = 'write a whole number'): Reading {
  if (Number.isSafeInteger(value)) return { value };
  if (Number.isInteger(value)) return { complaint: tooLarge(value) };
  return unreadable(code, value, what, 'not a whole number', hint);
}

function unreadable(code: Code, written: Written, what: string, label: string | undefined, hint: string): Reading {
  const message = `cannot read ${quote(String(written))} as a ${what}`;
  return { complaint: { code, message, hint, ...(label === undefined ? {} : { label }) } };
}

function unknownUnit(unit: string, units: readonly string[]): string {
  const meant = unit === 'm' && units.includes('min') ? 'min' : suggest(unit, units);
  return `unknown unit ${quote(unit)}${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`;
}

function outOfRange(written: Written, min: string, max: string, nearest: string): Reading {
  const range = max === 'any' ? `allowed from ${min}` : `allowed ${min} to ${max}`;
  return {
    complaint: {
      code: 'TH1205',
      message: `${quote(String(written))} is out of range, ${range}`,
      hint: `write \`${nearest}\``,
    },
  };
}

/** A number that a double cannot hold exactly. */
export function tooLarge(written: Written): Complaint {
  const message = `${quote(String(written))} is out of range, allowed up to ${Number.MAX_SAFE_INTEGER}`;
  return { code: 'TH1205', message, hint: 'leave the key out where no limit is meant' };
}

export function oldOctal(text: string): Complaint {
  const digits = text.replace(/^[-+]?0+/, '') || '0';
  const octal = /^[0-7]+$/.test(digits) ? `\`0o${digits}\` for octal or ` : '';
  return {
    code: 'TH1209',
    message: `${quote(text)} is octal for some programs and decimal for others`,
    hint: `write ${octal}\`${digits}\` for decimal`,
  };
}
