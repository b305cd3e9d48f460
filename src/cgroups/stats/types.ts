/**
 * A number of the kernel. Above 2^53 it is its decimal text, because readers of JSON round larger numbers. null: this kernel does not tell, which
 * is never the same as 0.
 */
export type Counter = number | string | null;

/** `unlimited` tells a limit that is not set from one that is not known: `limit` is null for both. */
export interface Limit {
  limit: Counter;
  unlimited?: true;
}

/** Bytes. */
export interface MemoryStats extends Limit {
  usage: Counter;
  /** The highest use since the group was made. */
  peak: Counter;
  /** Use without inactive page cache: what the kernel cannot take back at once. */
  working_set: Counter;
  anon: Counter;
  /** Page cache, with shared memory and tmpfs. */
  file: Counter;
  kernel: Counter;
  /** Swap alone, on v1 too. null where swap is not accounted for. */
  swap: ({ usage: Counter; peak: Counter } & Limit) | null;
  events: MemoryEvents;
}

/**
 * How often something happened to the memory of a group and of those below it, since it was made. v1 counts only `oom_kill`. Only that and
 * `oom_group_kill` ended anything.
 */
export interface MemoryEvents {
  /** Reclaimed below `memory.low`, which was to protect it. */
  low: Counter;
  /** Slowed down and reclaimed above `memory.high`. */
  high: Counter;
  /** About to go over `memory.max`. */
  max: Counter;
  /** The limit could not be kept by reclaiming. */
  oom: Counter;
  oom_kill: Counter;
  /** Since 5.17. */
  oom_group_kill: Counter;
  /** What newer kernels count besides. */
  others?: Record<string, Counter>;
}

/** Microseconds. */
export interface CpuStats {
  usage_us: Counter;
  user_us: Counter;
  system_us: Counter;
  /** Periods in which something ran under the quota, and those of them in which it was used up. */
  nr_periods: Counter;
  nr_throttled: Counter;
  throttled_us: Counter;
  nr_bursts: Counter;
  burst_us: Counter;
  /** For each period; null with `unlimited` is no quota. */
  quota_us: Counter;
  unlimited?: true;
  period_us: Counter;
  /** v2: 1 to 10000. */
  weight: Counter;
  /** v1: 2 to 262144. */
  shares: Counter;
}

/** Bytes and operations since the group was made. */
export interface IoStats {
  /** `major:minor`. */
  device: string;
  rbytes: Counter;
  wbytes: Counter;
  rios: Counter;
  wios: Counter;
  /** Discarded. */
  dbytes: Counter;
  dios: Counter;
  /** What other policies of this kernel count (`cost.usage`). */
  others?: Record<string, Counter>;
}

export interface PidsStats extends Limit {
  current: Counter;
  peak: Counter;
  /** How often the limit refused a fork. */
  max_events: Counter;
}

/** Bytes of huge pages of one size; reservations where the kernel counts them (5.7). */
export interface HugetlbStats extends Limit {
  page_size: string;
  usage: Counter;
  /** How often the limit refused pages. */
  max_events: Counter;
}

export interface RdmaStats {
  device: string;
  hca_handles: { usage: Counter } & Limit;
  hca_objects: { usage: Counter } & Limit;
}

/** Percent of wall time that was lost to waiting, over the last 10, 60 and 300 seconds, and all of it in microseconds. */
export interface Pressure {
  avg10: number | null;
  avg60: number | null;
  avg300: number | null;
  total_us: Counter;
}

/** `some`: at least one task waited; `full`: all that were not idle. */
export interface PressureStats {
  some: Pressure | null;
  full: Pressure | null;
}

/** One structure for v1 and v2. null: the container has no group of that controller, or this kernel does not tell. */
export interface GroupStats {
  /** Of the groups; v2 as soon as one of them is on v2, null without any. */
  cgroups: 'v1' | 'v2' | null;
  memory: MemoryStats | null;
  cpu: CpuStats | null;
  io: IoStats[] | null;
  pids: PidsStats | null;
  hugetlb: HugetlbStats[] | null;
  rdma: RdmaStats[] | null;
  /** Only on v2. */
  psi: { cpu: PressureStats | null; memory: PressureStats | null; io: PressureStats | null } | null;
}
