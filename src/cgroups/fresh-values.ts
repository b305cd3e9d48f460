import type { CgroupWrite } from './plan-types.ts';
import { textOf } from './settings.ts';

/** A new group has what the group above has. */
const PARENT = Symbol('parent');

/**
 * What a setting of a new group is, by file: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/, and for what they leave out the
 * allocation of a group in the sources (mem_cgroup_css_alloc, cgrp_css_online, bfq_set_weight). A file that is not here cannot be set back.
 */
const FRESH: readonly (readonly [RegExp, string | typeof PARENT])[] = [
  [/^memory\.(max|high|swap\.max|swap\.high|zswap\.max)$/, 'max'],
  [/^memory\.(low|min|oom\.group|move_charge_at_immigrate)$/, '0'],
  [/^memory\.use_hierarchy$/, '1'], // the only value since Linux 5.11
  [/^memory\.(limit|soft_limit|memsw\.limit|kmem\.limit|kmem\.tcp\.limit)_in_bytes$/, '-1'],
  // A new group takes over zswap.writeback in 6.8 to 6.10; later its own is 1, and that of the group above holds all the same.
  [/^memory\.(swappiness|oom_control|zswap\.writeback)$/, PARENT],
  [/^cpu\.weight$/, '100'],
  [/^cpu\.(weight\.nice|idle|max\.burst|cfs_burst_us|rt_runtime_us|uclamp\.min)$/, '0'],
  [/^cpu\.uclamp\.max$/, 'max'],
  [/^cpu\.max$/, 'max 100000'],
  [/^cpu\.shares$/, '1024'],
  [/^cpu\.cfs_quota_us$/, '-1'],
  [/^cpu\.cfs_period_us$/, '100000'],
  [/^cpu\.rt_period_us$/, '1000000'],
  [/^pids\.max$/, 'max'],
  [/^io\.max$/, 'max'],
  [/^io\.latency$/, '0'],
  [/^(io|blkio)\.prio\.class$/, 'no-change'],
  [/^blkio\.throttle\./, '0'],
  [/^hugetlb\.\w+\.(rsvd\.)?max$/, 'max'],
  [/^hugetlb\.\w+\.(rsvd\.)?limit_in_bytes$/, '-1'],
  [/^(rdma|misc|dmem)\.max$/, 'max'],
  [/^dmem\.(low|min)$/, '0'],
  [/^net_cls\.classid$/, PARENT],
  [/^net_prio\.ifpriomap$/, PARENT],
  [/^cpuset\.cpus\.partition$/, 'member'],
];

/**
 * Files that do something once, or speak only to whoever has them open: reclaim, counters that begin anew, triggers. Nothing of a write stays
 * in the group, so that there is nothing to set back.
 */
const ACTIONS: readonly RegExp[] = [
  /^memory\.(reclaim|peak|swap\.peak|force_empty)$/,
  /^memory\.(\w+\.)*(max_usage_in_bytes|failcnt)$/,
  /^blkio\.reset_stats$/,
  /^(cpu|memory|io)\.pressure$/,
];

/** Weights of one device are set back by a word, the weight of all others by its number. */
const WEIGHT = /^(io|blkio)\.(bfq\.)?weight(_device)?$/;

/** Whether a write to the file is no setting. */
export function isAction(file: string): boolean {
  return ACTIONS.some((pattern) => pattern.test(file));
}

/** The write that gives one setting of `write` the value of a new group. Undefined: nobody knows that value. */
export function freshValue(write: CgroupWrite, name: string): CgroupWrite | undefined {
  const { file = '' } = write;
  const value = knownFor(file, name);
  if (value === undefined) return undefined;
  const { strategy: _, optional: __, ...rest } = write;
  // Where the file is not there, there is nothing to set back.
  const base: CgroupWrite = { ...rest, tolerate: [...new Set([...(write.tolerate ?? []), 'ENOENT'])] };
  if (value === PARENT) return { ...base, value: textOf(file, name, '<parent>'), strategy: 'inherit' };
  return { ...base, value: textOf(file, name, value) };
}

function knownFor(file: string, name: string): string | typeof PARENT | undefined {
  if (WEIGHT.test(file)) return name === 'default' || name === '' ? '100' : 'default';
  if (/^(cpuset\.)?(cpus|mems)$/.test(file)) return PARENT;
  return FRESH.find(([pattern]) => pattern.test(file))?.[1];
}
