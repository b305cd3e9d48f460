import { isOldOctal } from '../interpret.ts';
import { oldOctal, outOfRange, unreadable, type Reading, type Written } from './reading.ts';

const LIMIT = 2n ** 64n;

/** A number of 64 bits without a sign, exact: an argument of a system call is an address as often as a number. */
export function exactUint64(written: Written): bigint | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) && written >= 0 ? BigInt(written) : undefined;
  const text = written.replace(/^\+/, '');
  if (!/^(0|[1-9][0-9]{0,19}|0o[0-7]{1,22}|0x[0-9a-fA-F]{1,16}|0b[01]{1,64})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < LIMIT ? value : undefined;
}

/** Checks a number of 64 bits; `value` is only near above 2^53. */
export function readUint64(written: Written): Reading {
  const exact = exactUint64(written);
  if (exact !== undefined) return { value: Number(exact) };
  if (isOldOctal(String(written))) return { complaint: oldOctal(String(written)) };
  if (/^[-+]?(0[xob])?[0-9a-fA-F]+$/.test(String(written)))
    return outOfRange(written, '0', '0xffffffffffffffff', String(written).startsWith('-') ? '0' : '0xffffffffffffffff');
  return unreadable('TH1201', written, 'number', undefined, 'write a whole number, for example `0xff`');
}
