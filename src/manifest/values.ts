import type { Reading } from './quantities/index.ts';

/** The value of a quantity that was checked before. */
export function valueOf(reading: Reading): number {
  if ('value' in reading) return reading.value;
  throw new Error(`a quantity was not checked: ${reading.complaint.message}`);
}

/** A map with other values; a key `__proto__` stays a key. */
export function mapValues<A, B>(map: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
