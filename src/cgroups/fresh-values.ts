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
  [/^memory\.(low|min|oom\.group)$/, '0'],
  [/^memory\.zswap\.writeback$/, '1'],
  [/^memory\.(limit|soft_limit|memsw\.limit|kmem\.limit|kmem\.tcp\.limit)_in_bytes$/, '-1'],
  [/^memory\.(swappiness|oom_control)$/, PARENT],
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
  [/^blkio\.throttle\./, '0'],
  [/^hugetlb\.\w+\.(rsvd\.)?max$/, 'max'],
  [/^hugetlb\.\w+\.(rsvd\.)?limit_in_bytes$/, '-1'],
  [/^(rdma|misc)\.max$/, 'max'],
  [/^net_cls\.classid$/, PARENT],
  [/^net_prio\.ifpriomap$/, PARENT],
  [/^cpuset\.cpus\.partition$/, 'member'],
];

/** Weights of one device are set back by a word, the weight of all others by its number. */
const WEIGHT = /^(io|blkio)\.(bfq\.)?weight(_device)?$/;

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
