export interface Summary {
  count: number;
  min: number;
  p50: number;
  p95: number;
  max: number;
}

/** Sorted values, share 0 to 1: the nearest value that was measured, nothing in between is made up. Throws a RangeError for no values. */
export function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.round(share * (sorted.length - 1)))];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/** Undefined for no values. */
export function summarise(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const [min, p50, p95, max] = [0, 0.5, 0.95, 1].map((share) => quantile(sorted, share));
  return { count: sorted.length, min: min ?? 0, p50: p50 ?? 0, p95: p95 ?? 0, max: max ?? 0 };
}

/** How many times `base` the value is; undefined where one of them is missing or there is no base to speak of. */
export function ratio(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined || base <= 0 ? undefined : value / base;
}

/** A new list in random order. */
export function shuffled<T>(list: readonly T[], random: () => number = Math.random): T[] {
  return list
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
