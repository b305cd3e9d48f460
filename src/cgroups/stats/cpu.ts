import type { CpuStats } from './types.ts';
import { counter, readCounter, readInteger, readKeyed, scaled, type Read } from './values.ts';

/** cpuacct.stat counts in USER_HZ, which is 100 on every architecture that Linux has (include/asm-generic/param.h). */
const US_PER_TICK = 10_000n;

/** `read` is for the cpu group, `account` for the cpuacct group; either may be missing. */
export function cpuV1(read: Read, account: Read): CpuStats {
  const usage = readInteger(account('cpuacct.usage'));
  const ticks = readKeyed(account('cpuacct.stat'));
  const stat = readKeyed(read('cpu.stat'));
  const quota = readInteger(read('cpu.cfs_quota_us'));
  return {
    usage_us: scaled(usage, 1n, 1000n),
    user_us: scaled(ticks.get('user'), US_PER_TICK, 1n),
    system_us: scaled(ticks.get('system'), US_PER_TICK, 1n),
    nr_periods: counter(stat.get('nr_periods')),
    nr_throttled: counter(stat.get('nr_throttled')),
    throttled_us: scaled(stat.get('throttled_time'), 1n, 1000n),
    nr_bursts: counter(stat.get('nr_bursts')),
    burst_us: scaled(stat.get('burst_time'), 1n, 1000n),
    ...(quota !== undefined && quota < 0n ? { quota_us: null, unlimited: true } : { quota_us: counter(quota) }),
    period_us: readCounter(read('cpu.cfs_period_us')),
    weight: null,
    shares: readCounter(read('cpu.shares')),
  };
}

export function cpuV2(read: Read): CpuStats {
  const stat = readKeyed(read('cpu.stat'));
  return {
    usage_us: counter(stat.get('usage_usec')),
    user_us: counter(stat.get('user_usec')),
    system_us: counter(stat.get('system_usec')),
    nr_periods: counter(stat.get('nr_periods')),
    nr_throttled: counter(stat.get('nr_throttled')),
    throttled_us: counter(stat.get('throttled_usec')),
    nr_bursts: counter(stat.get('nr_bursts')),
    burst_us: counter(stat.get('burst_usec')),
    ...cpuMax(read('cpu.max')),
    weight: readCounter(read('cpu.weight')),
    shares: null,
  };
}

/** `max 100000` or `20000 100000`. */
export function cpuMax(text: string | undefined): Pick<CpuStats, 'quota_us' | 'unlimited' | 'period_us'> {
  const [quota, period, ...more] = (text ?? '').trim().split(/\s+/);
  if (quota === undefined || period === undefined || more.length > 0) return { quota_us: null, period_us: null };
  const period_us = readCounter(period);
  return quota === 'max' ? { quota_us: null, unlimited: true, period_us } : { quota_us: readCounter(quota), period_us };
}
