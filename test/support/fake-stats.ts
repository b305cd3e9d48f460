import type { ContainerDetail, ContainerStats, StatsQuery } from '../../src/runtime/index.ts';

const MIB = 1024 * 1024;

/** What the reference output of `stats` shows, as kernel counters: `turn` is how many seconds they have counted. */
export function fakeStats(container: ContainerDetail, turn: number): ContainerStats {
  const camera = container.name === 'camera';
  const limit = camera ? { limit: 96 * MIB } : { limit: null, unlimited: true as const };
  const wait = { avg10: camera ? 4.1 : 0, avg60: 1.5, avg300: 0.5, total_us: 1000 * turn };
  return {
    id: container.id,
    name: container.name,
    version: container.version ?? '',
    pid: container.pid ?? 0,
    started_at: container.started_at ?? '',
    time: new Date(Date.parse('2026-01-31T10:44:00.000Z') + turn * 1000).toISOString(),
    monotonic_us: 5_000_000 + turn * 1_000_000,
    cgroups: 'v2',
    memory: {
      usage: (camera ? 93 : 58) * MIB,
      peak: 95 * MIB,
      working_set: (camera ? 88 : 41) * MIB,
      ...limit,
      anon: 30 * MIB,
      file: 12 * MIB,
      kernel: null,
      swap: null,
      events: { low: 0, high: 0, max: 3, oom: 0, oom_kill: 0, oom_group_kill: 0 },
    },
    cpu: {
      usage_us: 1_000_000 + turn * (camera ? 610_000 : 20_000),
      user_us: 800_000,
      system_us: 200_000,
      nr_periods: camera ? 1000 * turn : 0,
      nr_throttled: camera ? 32 * turn : 0,
      throttled_us: 0,
      nr_bursts: null,
      burst_us: null,
      ...(camera ? { quota_us: 100_000 } : { quota_us: null, unlimited: true as const }),
      period_us: 100_000,
      weight: 100,
      shares: null,
    },
    io: [
      {
        device: '179:0',
        rbytes: camera ? 0 : turn * 8000,
        wbytes: camera ? '9007199254740993000' : 0,
        rios: 5,
        wios: 7,
        dbytes: 0,
        dios: 0,
      },
      {
        device: '8:0',
        rbytes: 0,
        wbytes: camera ? turn * 1_200_000 : 0,
        rios: 5,
        wios: 7,
        dbytes: 0,
        dios: 0,
      },
    ],
    pids: { current: camera ? 9 : 17, peak: 20, limit: null, unlimited: true, max_events: 0 },
    hugetlb: null,
    rdma: null,
    psi: { cpu: { some: wait, full: null }, memory: { some: wait, full: wait }, io: null },
  };
}

/** One after the other without a pause; `samples` of them when they are followed. */
export async function* samples<T>(
  control: { samples: number; streams: number },
  query: StatsQuery,
  signal: AbortSignal,
  sample: (turn: number) => T,
): AsyncGenerator<T[]> {
  control.streams++;
  try {
    for (let turn = 0; !signal.aborted && turn < (query.follow === true ? control.samples : 1); turn++) {
      yield [sample(turn)];
      await Promise.resolve();
    }
  } finally {
    control.streams--;
  }
}
