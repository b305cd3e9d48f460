/**
 * cpu.shares (v1, 2..262144) as cpu.weight (v2, 1..10000). The quadratic formula in log2 that crun 1.23, runc 1.3.2 and
 * youki agreed on; it passes through (2, 1), (1024, 100) and (262144, 10000). The linear one before it made the default
 * of 1024 a weight of 39 (runc#4772).
 */
export function sharesToWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

/** A blkio weight (10..1000) for io.weight (1..10000). io.bfq.weight takes the weight as it is. */
export function blkioToIoWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}
