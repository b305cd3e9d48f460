import { flatKeyed } from '../read.ts';
import type { Counter, Limit } from './types.ts';

/** A file of one group, or undefined when it is not there. */
export type Read = (file: string) => string | undefined;

/**
 * v1 writes no limit as the largest number of pages that it can count: 2^63 on 64 bits, rounded down to whole pages of up to 64 KiB; 2^31 pages
 * less one on 32 bits (PAGE_COUNTER_MAX, include/linux/page_counter.h).
 */
const NO_LIMIT_64 = 2n ** 63n - 65_536n;
const NO_LIMIT_32 = (2n ** 31n - 1n) * 4096n;

export function counter(value: number | bigint | undefined): Counter {
  if (value === undefined) return null;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/** Nanoseconds as microseconds, ticks too: whole ones, also of what no number of JavaScript holds. */
export function scaled(value: number | bigint | undefined, times: bigint, divisor: bigint): Counter {
  return value === undefined ? null : counter((BigInt(value) * times) / divisor);
}

/** A file with one number. */
export function readInteger(text: string | undefined): bigint | undefined {
  const digits = text?.trim() ?? '';
  return /^-?\d+$/.test(digits) ? BigInt(digits) : undefined;
}

export function readCounter(text: string | undefined): Counter {
  return counter(readInteger(text));
}

/** A file with a limit: `max`, or what v1 has for it, is no limit. */
export function readLimit(text: string | undefined): Limit {
  if (text?.trim() === 'max') return { limit: null, unlimited: true };
  const value = readInteger(text);
  return value !== undefined && isNoLimit(value) ? { limit: null, unlimited: true } : { limit: counter(value) };
}

export function isNoLimit(value: bigint): boolean {
  return value >= NO_LIMIT_64 || value === NO_LIMIT_32 || value < 0n;
}

/** A file of `key value` lines; lines of another shape are left out. */
export function readKeyed(text: string | undefined): Map<string, number | bigint> {
  return flatKeyed(text ?? '');
}

/** What a file has beside the keys that are known, or undefined when there is nothing. */
export function othersOf(
  values: ReadonlyMap<string, number | bigint>,
  known: readonly string[],
): Record<string, Counter> | undefined {
  const others = [...values].filter(([key]) => !known.includes(key)).map(([key, value]) => [key, counter(value)]);
  return others.length === 0 ? undefined : (Object.fromEntries(others) as Record<string, Counter>);
}

/** The difference, not below 0: two files are read one after the other, and the second may know more. */
export function less(whole: bigint | undefined, part: number | bigint | undefined): Counter {
  if (whole === undefined || part === undefined) return null;
  const rest = whole - BigInt(part);
  return counter(rest < 0n ? 0n : rest);
}
