import type { ContainerStats } from '../../runtime/index.ts';

type Counter = number | string | null;

/** What happened between two samples of one run. null: not known; absent: not applicable. */
export interface Rates {
  /** Between the samples. */
  seconds: number;
  /** Of one CPU. */
  cpu_percent: number | null;
  /** Of one CPU. */
  quota_percent?: number;
  /** Of the periods in which something ran. */
  throttled_percent?: number | null;
  read_bytes_per_second: number | null;
  write_bytes_per_second: number | null;
}

/** Undefined where there is nothing to compare: the container has just started, or started anew. */
export function ratesOf(before: ContainerStats | undefined, after: ContainerStats): Rates | undefined {
  if (before?.started_at !== after.started_at || before.pid !== after.pid) return undefined;
  const seconds = (after.monotonic_us - before.monotonic_us) / 1e6;
  if (seconds <= 0) return undefined;
  const [{ cpu: past }, { cpu }] = [before, after];
  const used = risen(past?.usage_us ?? null, cpu?.usage_us ?? null);
  const quota = quotaOf(cpu);
  return {
    seconds,
    cpu_percent: used === null ? null : (used / 1e6 / seconds) * 100,
    ...(quota === undefined ? {} : { quota_percent: quota, throttled_percent: throttled(past, cpu) }),
    read_bytes_per_second: perSecond(before, after, 'rbytes', seconds),
    write_bytes_per_second: perSecond(before, after, 'wbytes', seconds),
  };
}

/** Percent of one CPU; undefined without a quota, or where it is not known. */
export function quotaOf(cpu: ContainerStats['cpu']): number | undefined {
  if (typeof cpu?.quota_us !== 'number' || typeof cpu.period_us !== 'number') return undefined;
  return (cpu.quota_us / cpu.period_us) * 100;
}

function throttled(past: ContainerStats['cpu'], cpu: ContainerStats['cpu']): number | null {
  const periods = risen(past?.nr_periods ?? null, cpu?.nr_periods ?? null);
  const held = risen(past?.nr_throttled ?? null, cpu?.nr_throttled ?? null);
  if (periods === null || held === null) return null;
  // Nothing ran, so nothing was held back.
  return periods === 0 ? 0 : (held / periods) * 100;
}

/** Over all disks; one that appears meanwhile began at 0. */
function perSecond(
  before: ContainerStats,
  after: ContainerStats,
  key: 'rbytes' | 'wbytes',
  seconds: number,
): number | null {
  if (before.io === null || after.io === null) return null;
  const past = new Map(before.io.map((disk) => [disk.device, disk[key]]));
  let bytes = 0;
  for (const disk of after.io) bytes += risen(past.get(disk.device) ?? 0, disk[key]) ?? 0;
  return bytes / seconds;
}

/** Counters only rise; where one seems to fall (a file that was read in between) nothing has happened. */
function risen(before: Counter, after: Counter): number | null {
  if (before === null || after === null) return null;
  const difference = BigInt(after) - BigInt(before);
  return difference < 0n ? 0 : Number(difference);
}
