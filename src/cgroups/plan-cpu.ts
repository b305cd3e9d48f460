import { parseCpulist } from './cpulist.ts';
import type { Draft, Setting } from './draft.ts';
import type { CpuResources } from './resources.ts';
import { sharesToWeight } from './weights.ts';

const PREFIX = 'cgroups.cpu.';
const DEFAULT_PERIOD = 100_000;
const MAX = Number.MAX_SAFE_INTEGER;

const CPU_KEYS = ['shares', 'quota', 'period', 'burst', 'idle', 'realtime_runtime', 'realtime_period'] as const;

/** Shares, quota, burst, idle and real time. Documentation/scheduler/sched-bwc.rst, sched-rt-group.rst; cgroup-v2.rst. */
export function planCpu(draft: Draft, cpu: CpuResources): void {
  const key = CPU_KEYS.find((name) => cpu[name] !== undefined && !(name === 'shares' && cpu.shares === 0));
  if (key === undefined) return;
  const version = draft.request.facts.controllers['cpu']?.version;
  if (!ranges(draft, cpu, version)) return;
  const controller = draft.controller(PREFIX + key, 'cpu');
  if (controller === undefined) return;
  if (controller.facts.version === 1) planV1(draft, cpu);
  else planV2(draft, cpu);
  warnQuota(draft, cpu);
}

function ranges(draft: Draft, cpu: CpuResources, version: 1 | 2 | undefined): boolean {
  const before = draft.errors.length;
  const { shares, quota, period, burst, idle } = cpu;
  // v1 would clamp to 2..262144 without a word; the conversion for v2 ends at the same numbers by itself.
  if (shares !== undefined && shares !== 0)
    draft.inRange(`${PREFIX}shares`, shares, version === 1 ? 2 : 1, version === 1 ? 262_144 : MAX);
  if (quota !== undefined && !(quota < 0 && Number.isSafeInteger(quota)))
    draft.inRange(`${PREFIX}quota`, quota, 1000, MAX, 'at least 1000 microseconds, or -1 for no quota');
  if (period !== undefined) draft.inRange(`${PREFIX}period`, period, 1000, 1_000_000);
  if (burst !== undefined) {
    const limited = quota !== undefined && quota >= 1000;
    draft.inRange(
      `${PREFIX}burst`,
      burst,
      0,
      limited ? quota : MAX,
      limited ? `at most the quota, ${quota}` : undefined,
    );
  }
  if (idle !== undefined) draft.inRange(`${PREFIX}idle`, idle, 0, 1);
  // While cpu.idle is 1 the kernel answers EINVAL to every write of shares or weight.
  if (idle === 1 && shares !== undefined && shares !== 0)
    draft.error(
      'TH1306',
      `${PREFIX}idle`,
      '`idle` and `shares` exclude each other',
      'keep `idle` for work that may wait for everybody else, `shares` for a proportion',
    );
  realtimeRanges(draft, cpu);
  return draft.errors.length === before;
}

function realtimeRanges(draft: Draft, cpu: CpuResources): void {
  const { realtime_runtime: runtime, realtime_period: period } = cpu;
  if (period !== undefined && period !== 0) draft.inRange(`${PREFIX}realtime_period`, period, 1, 2 ** 32);
  if (runtime !== undefined)
    draft.inRange(
      `${PREFIX}realtime_runtime`,
      runtime,
      -1,
      period === undefined || period === 0 ? 2 ** 32 : period,
      'at most realtime_period',
    );
}

function planV1(draft: Draft, cpu: CpuResources): void {
  const { shares, quota, period, burst, idle, realtime_runtime: runtime, realtime_period: rtPeriod } = cpu;
  if (shares !== undefined && shares !== 0) put(draft, 'cpu.shares', shares, 'shares');
  if (idle !== undefined) put(draft, 'cpu.idle', idle, 'idle', absentIsFine(idle));
  if (period !== undefined) put(draft, 'cpu.cfs_period_us', period, 'period', { strategy: 'quota_then_period' });
  if (quota !== undefined)
    put(draft, 'cpu.cfs_quota_us', Math.max(quota, -1), 'quota', { strategy: 'quota_then_period' });
  if (burst !== undefined)
    put(draft, 'cpu.cfs_burst_us', burst, 'burst', { strategy: 'quota_then_period', ...absentIsFine(burst) });
  if (rtPeriod !== undefined && rtPeriod !== 0)
    put(draft, 'cpu.rt_period_us', rtPeriod, 'realtime_period', { strategy: 'rt_root_down' });
  if (runtime !== undefined)
    put(draft, 'cpu.rt_runtime_us', runtime, 'realtime_runtime', {
      strategy: 'rt_root_down',
      ...absentIsFine(runtime),
    });
}

function planV2(draft: Draft, cpu: CpuResources): void {
  const { shares, quota, period, burst, idle } = cpu;
  for (const name of ['realtime_runtime', 'realtime_period'] as const) {
    if ((cpu[name] ?? 0) !== 0)
      draft.otherVersion(PREFIX + name, 1, 'remove it; v2 has no real-time bandwidth for groups');
  }
  if (shares !== undefined && shares !== 0) put(draft, 'cpu.weight', sharesToWeight(shares), 'shares');
  if (idle !== undefined) put(draft, 'cpu.idle', idle, 'idle', absentIsFine(idle));
  if (quota !== undefined || period !== undefined) {
    const value = `${quota === undefined || quota < 0 ? 'max' : quota} ${period ?? DEFAULT_PERIOD}`;
    put(draft, 'cpu.max', value, quota === undefined ? 'period' : 'quota', { strategy: 'quota_then_period' });
  }
  if (burst !== undefined)
    put(draft, 'cpu.max.burst', burst, 'burst', { strategy: 'quota_then_period', ...absentIsFine(burst) });
}

function warnQuota(draft: Draft, cpu: CpuResources): void {
  const { quota, period = DEFAULT_PERIOD } = cpu;
  if (quota === undefined) return;
  const cpus = parseCpulist(draft.request.machine.cpus)?.length;
  if (cpus === undefined || quota <= cpus * period) return;
  draft.warn(
    'TH1314',
    `${PREFIX}quota`,
    `the quota is ${Math.round((quota / period) * 100)} %, this board has ${cpus * 100} %`,
    `at most ${cpus * period} with this period has an effect`,
  );
}

/** 0 is what a group has anyway, so a kernel without the file is no reason to refuse. */
function absentIsFine(value: number): { tolerate?: string[] } {
  return value === 0 ? { tolerate: ['ENOENT'] } : {};
}

function put(draft: Draft, file: string, value: number | string, name: string, more: Partial<Setting> = {}): void {
  draft.put('cpu', { file, value: String(value), key: PREFIX + name, ...more });
}
