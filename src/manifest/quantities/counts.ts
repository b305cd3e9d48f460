import { suggest } from '../../base/index.ts';
import { isOldOctal, parseInteger } from '../interpret.ts';
import { readAmount } from './amounts.ts';
import { oldOctal, outOfRange, unreadable, wholeNumber, type Reading, type Written } from './reading.ts';

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
