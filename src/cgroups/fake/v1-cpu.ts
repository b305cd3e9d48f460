import { formatCpulist, parseCpulist } from '../cpulist.ts';
import { refuse } from './errno.ts';
import type { FakeGroup } from './group.ts';
import { decimal, type Controller } from './rules.ts';

const DEFAULT_SHARES = '1024';

/** A group without a quota has its parent's (tg_cfs_schedulable_down). */
function ratioAbove(group: FakeGroup | undefined): number {
  if (group === undefined) return Number.POSITIVE_INFINITY;
  const quota = group.get('cpu.cfs_quota_us') || '-1';
  return quota === '-1' ? ratioAbove(group.parent) : Number(quota) / Number(group.get('cpu.cfs_period_us'));
}

/** kernel/sched/core.c, tg_set_cfs_bandwidth: v1 refuses a child with a larger share than its parent. */
function cfs(group: FakeGroup, period: string, quota: string, burst: string): void {
  if (Number(period) < 1000 || Number(period) > 1_000_000) refuse('EINVAL');
  if (quota === '-1') return;
  if (Number(quota) < 1000 || Number(burst) > Number(quota)) refuse('EINVAL');
  if (Number(quota) / Number(period) > ratioAbove(group.parent)) refuse('EINVAL');
}

function realtime(group: FakeGroup, period: number, runtime: number): void {
  if (period <= 0 || runtime > period) refuse('EINVAL');
  const above = group.parent;
  if (above === undefined) return;
  const share = (of: FakeGroup): number =>
    Math.max(0, Number(of.get('cpu.rt_runtime_us'))) / Number(of.get('cpu.rt_period_us'));
  const others = [...above.children.values()]
    .filter((child) => child !== group)
    .reduce((sum, child) => sum + share(child), 0);
  const mine = runtime < 0 ? Number.POSITIVE_INFINITY : runtime / period;
  if (mine > 0 && others + mine > share(above)) refuse('EINVAL');
}

/** kernel/sched/core.c and rt.c, Linux 6.18. */
export const v1Cpu: Controller = {
  'cpu.shares': {
    initial: DEFAULT_SHARES,
    write: (text, group) => {
      const value = decimal(text) ?? refuse('EINVAL');
      if (value < 0n || group.get('cpu.idle') === '1' || group.root) refuse('EINVAL');
      return String(value < 2n ? 2n : value > 262_144n ? 262_144n : value);
    },
    read: (group) => (group.get('cpu.idle') === '1' ? '3' : group.get('cpu.shares')),
  },
  'cpu.idle': {
    initial: '0',
    write: (text, group) => {
      if (!/^[01]$/.test(text.trim())) refuse('EINVAL');
      // sched_group_set_idle: the weight of before is forgotten.
      if (group.get('cpu.idle') !== text.trim()) group.values.set('cpu.shares', DEFAULT_SHARES);
      return text.trim();
    },
  },
  'cpu.cfs_period_us': {
    initial: '100000',
    write: (text, group) => {
      const value = String(decimal(text) ?? refuse('EINVAL'));
      cfs(group, value, group.get('cpu.cfs_quota_us'), group.get('cpu.cfs_burst_us'));
      return value;
    },
  },
  'cpu.cfs_quota_us': {
    initial: '-1',
    write: (text, group) => {
      const number = decimal(text) ?? refuse('EINVAL');
      const value = number < 0n ? '-1' : String(number);
      cfs(group, group.get('cpu.cfs_period_us'), value, group.get('cpu.cfs_burst_us'));
      return value;
    },
  },
  'cpu.cfs_burst_us': {
    initial: '0',
    write: (text, group) => {
      const value = decimal(text) ?? refuse('EINVAL');
      if (value < 0n) refuse('EINVAL');
      cfs(group, group.get('cpu.cfs_period_us'), group.get('cpu.cfs_quota_us'), String(value));
      return String(value);
    },
  },
  'cpu.rt_period_us': {
    initial: '1000000',
    write: (text, group) => {
      const value = Number(decimal(text) ?? refuse('EINVAL'));
      realtime(group, value, Number(group.get('cpu.rt_runtime_us')));
      return String(value);
    },
  },
  'cpu.rt_runtime_us': {
    initial: (group) => (group.root ? '950000' : '0'),
    write: (text, group) => {
      const value = Number(decimal(text) ?? refuse('EINVAL'));
      realtime(group, Number(group.get('cpu.rt_period_us')), value);
      return String(Math.max(value, -1));
    },
  },
  'cpu.stat': { initial: 'nr_periods 0\nnr_throttled 0\nthrottled_time 0\nnr_bursts 0\nburst_time 0' },
};

export const v1Cpuacct: Controller = {
  'cpuacct.usage': { initial: '0', write: (text) => (text.trim() === '0' ? '0' : refuse('EINVAL')) },
};

/** kernel/cgroup/cpuset-v1.c: within the parent, not below a child, never empty while something lives in the group. */
function cpuset(file: string, online: (group: FakeGroup) => number[], beyond: string): Controller[string] {
  return {
    initial: (group) => (group.root ? formatCpulist(online(group)) : ''),
    write: (text, group) => {
      const trimmed = text.trim();
      const wanted = trimmed === '' ? [] : (parseCpulist(trimmed) ?? refuse('EINVAL'));
      if (wanted.some((number) => !online(group).includes(number))) refuse(beyond);
      if (wanted.length === 0 && group.living().length > 0) refuse('ENOSPC');
      const above = group.parent === undefined ? online(group) : (parseCpulist(group.parent.get(file)) ?? []);
      if (wanted.some((number) => !above.includes(number))) refuse('EACCES');
      for (const child of group.children.values())
        if ((parseCpulist(child.get(file)) ?? []).some((number) => !wanted.includes(number))) refuse('EBUSY');
      return formatCpulist(wanted);
    },
  };
}

export const v1Cpuset: Controller = {
  'cpuset.cpus': cpuset('cpuset.cpus', (group) => group.machine.cpus, 'ERANGE'),
  'cpuset.mems': cpuset('cpuset.mems', (group) => group.machine.nodes, 'EINVAL'),
};
