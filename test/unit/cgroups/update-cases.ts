import type { Resources } from '../../../src/cgroups/index.ts';

/**
 * Limits that are changed one after the other, and what the files show after each step. Sizes are pages on every board; `<above>` is what the
 * group above has.
 */
export interface UpdateCase {
  name: string;
  /** Controllers that the board must have. */
  needs: string[];
  /** Files that the kernel must have, by version; without them the case is left out. */
  file?: Partial<Record<1 | 2, string>>;
  steps: { to: Resources; v1: Record<string, string>; v2: Record<string, string> }[];
}

const MIB = 1024 * 1024;
const NONE = '9223372036854771712';

const common: Resources = {
  memory: { memory_hard_limit: 32 * MIB, memory_soft_limit: 24 * MIB },
  cpu: { shares: 100, quota: 500_000, period: 1_000_000 },
  pids: { limit: 20 },
};

const memory = (more: NonNullable<Resources['memory']>): Resources => ({
  ...common,
  memory: { ...common.memory, ...more },
});
const cpu = (more: NonNullable<Resources['cpu']>): Resources => ({ ...common, cpu: { ...common.cpu, ...more } });
const section = <K extends keyof Resources>(key: K, value: Resources[K]): Resources => ({ [key]: value });

const v1Common = {
  'memory.limit_in_bytes': String(32 * MIB),
  'memory.soft_limit_in_bytes': String(24 * MIB),
  'cpu.shares': '100',
  'cpu.cfs_quota_us': '500000',
  'cpu.cfs_period_us': '1000000',
  'pids.max': '20',
};
const v2Common = {
  'memory.max': String(32 * MIB),
  'memory.low': String(24 * MIB),
  'cpu.weight': '17',
  'cpu.max': '500000 1000000',
  'pids.max': '20',
};

/** The values that runc (update.bats) and crun (test_update.py) try, and what goes back when a key goes. */
export const updateCases: UpdateCase[] = [
  {
    name: 'memory, CPU and threads together, and back',
    needs: ['memory', 'cpu', 'pids'],
    steps: [
      { to: common, v1: v1Common, v2: v2Common },
      {
        to: memory({ memory_hard_limit: 64 * MIB }),
        v1: { ...v1Common, 'memory.limit_in_bytes': String(64 * MIB) },
        v2: { ...v2Common, 'memory.max': String(64 * MIB) },
      },
      {
        to: {
          memory: { memory_hard_limit: 64 * MIB, memory_soft_limit: 32 * MIB },
          cpu: { period: 900_000, quota: 600_000, shares: 200 },
          pids: { limit: 10 },
        },
        v1: {
          'memory.limit_in_bytes': String(64 * MIB),
          'memory.soft_limit_in_bytes': String(32 * MIB),
          'cpu.shares': '200',
          'cpu.cfs_quota_us': '600000',
          'cpu.cfs_period_us': '900000',
          'pids.max': '10',
        },
        v2: {
          'memory.max': String(64 * MIB),
          'memory.low': String(32 * MIB),
          'cpu.weight': '29',
          'cpu.max': '600000 900000',
          'pids.max': '10',
        },
      },
      { to: common, v1: v1Common, v2: v2Common },
      {
        to: {},
        v1: {
          'memory.limit_in_bytes': NONE,
          'memory.soft_limit_in_bytes': NONE,
          'cpu.shares': '1024',
          'cpu.cfs_quota_us': '-1',
          'cpu.cfs_period_us': '100000',
          'pids.max': 'max',
        },
        v2: {
          'memory.max': 'max',
          'memory.low': '0',
          'memory.oom.group': '0',
          'cpu.weight': '100',
          'cpu.max': 'max 100000',
          'pids.max': 'max',
        },
      },
    ],
  },
  {
    name: 'memory and swap, raised, lowered and lifted',
    needs: ['memory'],
    file: { 1: 'memory.memsw.limit_in_bytes', 2: 'memory.swap.max' },
    steps: [
      swap(50 * MIB, 92 * MIB),
      swap(30 * MIB, 50 * MIB),
      swap(60 * MIB, 80 * MIB),
      swap(100 * MIB, 200 * MIB),
      {
        to: { memory: { memory_hard_limit: 300 * MIB } },
        v1: { 'memory.limit_in_bytes': String(300 * MIB), 'memory.memsw.limit_in_bytes': NONE },
        v2: { 'memory.max': String(300 * MIB), 'memory.swap.max': 'max' },
      },
      swap(32 * MIB, 32 * MIB),
      {
        to: { memory: { memory_hard_limit: 32 * MIB, memory_swap_limit: -1 } },
        v1: { 'memory.limit_in_bytes': String(32 * MIB), 'memory.memsw.limit_in_bytes': NONE },
        v2: { 'memory.max': String(32 * MIB), 'memory.swap.max': 'max' },
      },
      {
        to: { memory: { memory_hard_limit: -1 } },
        v1: { 'memory.limit_in_bytes': NONE, 'memory.memsw.limit_in_bytes': NONE },
        v2: { 'memory.max': 'max', 'memory.swap.max': 'max' },
      },
    ],
  },
  {
    name: 'swappiness and oom_kill_disable of v1 go back to what the group above has',
    needs: ['memory'],
    file: { 1: 'memory.swappiness', 2: 'none' },
    steps: [
      {
        to: { memory: { swappiness: 10, oom_kill_disable: true } },
        v1: { 'memory.swappiness': '10', 'memory.oom_control': 'oom_kill_disable 1\nunder_oom 0\noom_kill 0' },
        v2: {},
      },
      {
        to: {},
        v1: { 'memory.swappiness': '60', 'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 0' },
        v2: {},
      },
    ],
  },
  {
    name: 'quota and period, each alone',
    needs: ['cpu'],
    steps: [
      quota({ quota: 500_000, period: 1_000_000 }, '500000', '1000000'),
      quota({ quota: 500_000, period: 900_000 }, '500000', '900000'),
      quota({ quota: 600_000, period: 900_000 }, '600000', '900000'),
      quota({ quota: -1, period: 900_000 }, '-1', '900000'),
      quota({ quota: -1, period: 100_000 }, '-1', '100000'),
      quota({ period: 1_000_000 }, '-1', '1000000'),
      quota({ quota: 5000 }, '5000', '100000'),
      quota({ period: 50_000 }, '-1', '50000'),
      quota({ quota: 30_000 }, '30000', '100000'),
      quota({ quota: 3000, period: 10_000 }, '3000', '10000'),
    ],
  },
  {
    name: 'burst survives another change, and goes with its key',
    needs: ['cpu', 'memory'],
    file: { 1: 'cpu.cfs_burst_us', 2: 'cpu.max.burst' },
    steps: [
      {
        to: cpu({ period: 900_000, burst: 500_000 }),
        v1: { 'cpu.cfs_burst_us': '500000' },
        v2: { 'cpu.max.burst': '500000' },
      },
      {
        to: { ...cpu({ period: 900_000, burst: 500_000 }), memory: { memory_hard_limit: 64 * MIB } },
        v1: { 'cpu.cfs_burst_us': '500000', 'memory.limit_in_bytes': String(64 * MIB) },
        v2: { 'cpu.max.burst': '500000', 'memory.max': String(64 * MIB) },
      },
      {
        to: cpu({ quota: 700_000, period: 900_000, burst: 500_000 }),
        v1: { 'cpu.cfs_burst_us': '500000', 'cpu.cfs_quota_us': '700000' },
        v2: { 'cpu.max.burst': '500000', 'cpu.max': '700000 900000' },
      },
      {
        to: cpu({ quota: 60_000, period: 900_000 }),
        v1: { 'cpu.cfs_burst_us': '0', 'cpu.cfs_quota_us': '60000' },
        v2: { 'cpu.max.burst': '0', 'cpu.max': '60000 900000' },
      },
    ],
  },
  {
    name: 'idle survives another change, and makes room for shares',
    needs: ['cpu', 'memory'],
    file: { 1: 'cpu.idle', 2: 'cpu.idle' },
    steps: [
      { to: section('cpu', { shares: 512 }), v1: { 'cpu.shares': '512' }, v2: { 'cpu.weight': '59' } },
      { to: section('cpu', { idle: 1 }), v1: { 'cpu.idle': '1' }, v2: { 'cpu.idle': '1' } },
      {
        to: { cpu: { idle: 1 }, memory: { memory_hard_limit: 32 * MIB } },
        v1: { 'cpu.idle': '1', 'cpu.shares': '3', 'memory.limit_in_bytes': String(32 * MIB) },
        v2: { 'cpu.idle': '1', 'memory.max': String(32 * MIB) },
      },
      {
        to: section('cpu', { idle: 0, shares: 200 }),
        v1: { 'cpu.idle': '0', 'cpu.shares': '200' },
        v2: { 'cpu.idle': '0', 'cpu.weight': '29' },
      },
      { to: section('cpu', { idle: 1 }), v1: { 'cpu.idle': '1' }, v2: { 'cpu.idle': '1' } },
      { to: {}, v1: { 'cpu.idle': '0', 'cpu.shares': '1024' }, v2: { 'cpu.idle': '0', 'cpu.weight': '100' } },
    ],
  },
  {
    name: 'the limit of threads',
    needs: ['pids'],
    steps: [pids(20, '20'), pids(12_345, '12345'), pids(-1, 'max'), pids(0, '1')],
  },
  {
    name: 'processors and memory nodes, and back to those of the group above',
    needs: ['cpuset'],
    steps: [
      cpuset({ cpus: '0', mems: '0' }, { 'cpuset.cpus': '0', 'cpuset.mems': '0' }),
      cpuset({ cpus: '0-1' }, { 'cpuset.cpus': '0-1', 'cpuset.mems': '<above>' }),
      cpuset({ mems: '0' }, { 'cpuset.cpus': '<above>', 'cpuset.mems': '0' }),
    ],
  },
  {
    name: 'raw files of v2',
    needs: ['cpu', 'memory', 'pids'],
    file: { 1: 'none' },
    steps: [
      {
        to: { unified: { 'cpu.max': 'max 100000', 'cpu.weight': '16', 'pids.max': '10', 'memory.high': '100000000' } },
        v1: {},
        v2: { 'cpu.max': 'max 100000', 'cpu.weight': '16', 'pids.max': '10', 'memory.high': '99999744' },
      },
      {
        to: { unified: { 'cpu.weight': '50' } },
        v1: {},
        v2: { 'cpu.max': 'max 100000', 'cpu.weight': '50', 'pids.max': 'max', 'memory.high': 'max' },
      },
    ],
  },
];

function swap(hard: number, total: number): UpdateCase['steps'][number] {
  return {
    to: { memory: { memory_hard_limit: hard, memory_swap_limit: total } },
    v1: { 'memory.limit_in_bytes': String(hard), 'memory.memsw.limit_in_bytes': String(total) },
    v2: { 'memory.max': String(hard), 'memory.swap.max': String(total - hard) },
  };
}

function quota(to: NonNullable<Resources['cpu']>, runtime: string, period: string): UpdateCase['steps'][number] {
  return {
    to: { cpu: to },
    v1: { 'cpu.cfs_quota_us': runtime, 'cpu.cfs_period_us': period },
    v2: { 'cpu.max': `${runtime === '-1' ? 'max' : runtime} ${period}` },
  };
}

function pids(limit: number, shown: string): UpdateCase['steps'][number] {
  return { to: { pids: { limit } }, v1: { 'pids.max': shown }, v2: { 'pids.max': shown } };
}

function cpuset(to: NonNullable<Resources['cpu']>, shown: Record<string, string>): UpdateCase['steps'][number] {
  return { to: { cpu: to }, v1: shown, v2: shown };
}
