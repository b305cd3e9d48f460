import { isOldOctal } from '../interpret.ts';
import { readAmount, readAmounts, whole } from './amounts.ts';
import {
  oldOctal,
  outOfRange,
  tooLarge,
  unknownUnit,
  unreadable,
  wholeNumber,
  type Reading,
  type Written,
} from './reading.ts';

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
    if (value >= 1 && Number.isSafeInteger(value)) return { value };
    const label = `${value > 0 ? 'too much' : 'less than 1 µs'} in a period of ${period} µs`;
    return unreadable('TH1204', written, 'CPU amount', label, hint);
  }
  const units = [...CPU_UNITS, '%', 'cpus'];
  if (typeof written === 'number') return wholeNumber(written, 'TH1204', 'CPU amount', hint);
  if (amount === undefined) return unreadable('TH1204', written, 'CPU amount', undefined, hint);
  if (amount.unit !== '' && !units.includes(amount.unit))
    return unreadable('TH1204', written, 'CPU amount', unknownUnit(amount.unit, units), hint);
  return readCpuTime(written);
}
