import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThubanError, type Code } from '../../../src/base/index.ts';
import { plainFacts, planCgroups, type CgroupRequest, type Resources } from '../../../src/cgroups/index.ts';
import { planned, request, without, withKnobs } from './requests.ts';

function thrown(version: 'v1' | 'v2', resources: Resources, more: Partial<CgroupRequest> = {}): ThubanError {
  try {
    planCgroups(request(version, resources, more));
  } catch (error) {
    if (error instanceof ThubanError) return error;
    throw error;
  }
  assert.fail('nothing was refused');
}

const BOTH = ['v1', 'v2'] as const;
const ROWS: [readonly ('v1' | 'v2')[], string, Resources, Code, string][] = [
  [
    BOTH,
    'a limit below one page',
    { memory: { memory_hard_limit: 4095 } },
    'TH1205',
    'cgroups.memory.memory_hard_limit',
  ],
  [
    BOTH,
    'a limit of no whole number',
    { memory: { memory_hard_limit: 5000.5 } },
    'TH1205',
    'cgroups.memory.memory_hard_limit',
  ],
  [BOTH, 'a negative soft limit', { memory: { memory_soft_limit: -2 } }, 'TH1205', 'cgroups.memory.memory_soft_limit'],
  [BOTH, 'swap without memory', { memory: { memory_swap_limit: 9999 } }, 'TH1302', 'cgroups.memory.memory_swap_limit'],
  [
    BOTH,
    'swap below memory',
    { memory: { memory_hard_limit: 9999, memory_swap_limit: 9998 } },
    'TH1302',
    'cgroups.memory.memory_swap_limit',
  ],
  [BOTH, 'swappiness above 100', { memory: { swappiness: 101 } }, 'TH1205', 'cgroups.memory.swappiness'],
  [
    BOTH,
    'two contrary killers',
    { memory: { oom_kill_disable: true, oom_group: true } },
    'TH1306',
    'cgroups.memory.oom_group',
  ],
  [['v2'], 'a disabled killer', { memory: { oom_kill_disable: true } }, 'TH2003', 'cgroups.memory.oom_kill_disable'],
  [['v1'], 'shares that would be clamped', { cpu: { shares: 1 } }, 'TH1205', 'cgroups.cpu.shares'],
  [BOTH, 'a quota of zero', { cpu: { quota: 0 } }, 'TH1205', 'cgroups.cpu.quota'],
  [BOTH, 'a period above a second', { cpu: { period: 1_000_001 } }, 'TH1205', 'cgroups.cpu.period'],
  [BOTH, 'a burst above the quota', { cpu: { quota: 5000, burst: 5001 } }, 'TH1205', 'cgroups.cpu.burst'],
  [BOTH, 'idle beside shares', { cpu: { idle: 1, shares: 2 } }, 'TH1306', 'cgroups.cpu.idle'],
  [
    BOTH,
    'a runtime above its period',
    { cpu: { realtime_runtime: 6, realtime_period: 5 } },
    'TH1205',
    'cgroups.cpu.realtime_runtime',
  ],
  [['v2'], 'real time', { cpu: { realtime_runtime: 6 } }, 'TH2003', 'cgroups.cpu.realtime_runtime'],
  [BOTH, 'a list of words', { cpu: { cpus: '0,x' } }, 'TH1201', 'cgroups.cpu.cpus'],
  [BOTH, 'an empty list', { cpu: { cpus: '' } }, 'TH1201', 'cgroups.cpu.cpus'],
  [BOTH, 'processors that the board lacks', { cpu: { cpus: '3-5' } }, 'TH1205', 'cgroups.cpu.cpus'],
  [BOTH, 'a weight below 10', { blkio: { weight: 9 } }, 'TH1205', 'cgroups.blkio.weight'],
  [['v2'], 'a leaf weight', { blkio: { leaf_weight: 100 } }, 'TH2003', 'cgroups.blkio.leaf_weight'],
  [
    BOTH,
    'a disk that is not there',
    { blkio: { throttle_read_bps_device: [{ device: '/dev/none', rate: 5 }] } },
    'TH2004',
    'cgroups.blkio.throttle_read_bps_device.0.device',
  ],
  [
    ['v2'],
    'a rate of one',
    { blkio: { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 1 }] } },
    'TH1205',
    'cgroups.blkio.throttle_read_bps_device.0.rate',
  ],
  [BOTH, 'too many threads', { pids: { limit: 4_194_305 } }, 'TH1205', 'cgroups.pids.limit'],
  [
    BOTH,
    'a page size that is a path',
    { hugetlb: [{ page_size: '../memory.2MB', limit: 1 }] },
    'TH1201',
    'cgroups.hugetlb.0.page_size',
  ],
  [
    BOTH,
    'a page size that is no power of two',
    { hugetlb: [{ page_size: '3MB', limit: 1 }] },
    'TH1201',
    'cgroups.hugetlb.0.page_size',
  ],
  [BOTH, 'an RDMA device without limits', { rdma: { mlx: {} } }, 'TH1201', 'cgroups.rdma.mlx'],
  [BOTH, 'an RDMA device with a blank', { rdma: { 'a b': { hca_handles: 1 } } }, 'TH1201', 'cgroups.rdma.a b'],
  [
    ['v1'],
    'an interface name with a newline',
    { network: { priorities: [{ name: 'e\n0', priority: 1 }] } },
    'TH1201',
    'cgroups.network.priorities.0.name',
  ],
  [['v2'], 'a network class', { network: { class_id: 5 } }, 'TH2003', 'cgroups.network.class_id'],
  [['v1'], 'raw files', { unified: { 'memory.high': '5' } }, 'TH2003', 'cgroups.unified.memory.high'],
  [
    ['v2'],
    'a raw file that is a path',
    { unified: { '../memory.max': '5' } },
    'TH1211',
    'cgroups.unified.../memory.max',
  ],
  [['v2'], 'a raw file of the tree', { unified: { 'cgroup.procs': '0' } }, 'TH1201', 'cgroups.unified.cgroup.procs'],
  [['v2'], 'a raw file without a value', { unified: { 'memory.max': ' \n' } }, 'TH1201', 'cgroups.unified.memory.max'],
  [['v2'], 'a raw file of no controller', { unified: { 'foo.bar': '5' } }, 'TH2001', 'cgroups.unified.foo.bar'],
];

for (const [versions, what, resources, code, key] of ROWS) {
  for (const version of versions) {
    test(`${version} refuses ${what}`, () => {
      const error = thrown(version, resources);
      assert.equal(error.code, code);
      assert.equal(error.details['key'], key);
      assert.ok(error.hint, 'a person needs to know what to do');
    });
  }
}

test('all findings are reported, not only the first', () => {
  const error = thrown('v2', { memory: { swappiness: 101 }, pids: { limit: 5_000_000 }, cpu: { quota: 1 } });
  assert.deepEqual(
    (error.details['errors'] as { key: string }[]).map(({ key }) => key),
    ['cgroups.pids.limit', 'cgroups.memory.swappiness', 'cgroups.cpu.quota'],
  );
});

test('an absent controller is named with the boot parameter that turns it on', () => {
  const facts = without(plainFacts('v2'), 'memory');
  const error = thrown('v2', { memory: { memory_hard_limit: 2 ** 20 } }, { facts });
  assert.equal(error.code, 'TH2001');
  assert.match(error.hint ?? '', /cgroup_enable=memory/);
});

test('best effort turns an absent controller or file into a degraded container', () => {
  const facts = without(withKnobs(plainFacts('v1'), 'cpu', ['cpu.shares']), 'pids');
  const plan = planCgroups(
    request(
      'v1',
      { pids: { limit: 5 }, cpu: { shares: 100, quota: 5000 }, unified: { 'memory.high': '1' } },
      { facts, enforce: 'best_effort' },
    ),
  );
  assert.deepEqual(
    plan.degraded.map(({ code, key }) => [code, key]),
    [
      ['TH2001', 'cgroups.pids.limit'],
      ['TH2002', 'cgroups.cpu.quota'],
      ['TH2003', 'cgroups.unified.memory.high'],
    ],
  );
  assert.deepEqual(
    plan.writes.filter(({ op }) => op === 'write').map(({ file }) => file),
    ['cpu.shares'],
  );
});

test('an absent file is refused only where its absence matters', () => {
  const facts = withKnobs(plainFacts('v2'), 'memory', ['memory.max', 'memory.oom.group']);
  assert.deepEqual(planned('v2', { memory: { memory_hard_limit: 4096, memory_swap_limit: 4096 } }, { facts }), [
    ['memory.max', '4096'],
    ['memory.oom.group', '1'],
  ]);
  assert.equal(
    thrown('v2', { memory: { memory_hard_limit: 4096, memory_swap_limit: 8192 } }, { facts }).code,
    'TH2002',
  );
});

test('a memory limit without a swap limit is warned about, unless there is no swap', () => {
  const base = request('v2', { memory: { memory_hard_limit: 2 ** 20 } });
  assert.deepEqual(
    planCgroups(base).warnings.map(({ code }) => code),
    ['TH1311'],
  );
  assert.deepEqual(planCgroups({ ...base, machine: { ...base.machine, swap: false } }).warnings, []);
});

test('a quota above what the board has is warned about', () => {
  assert.deepEqual(
    planCgroups(request('v1', { cpu: { quota: 400_001 } })).warnings.map(({ code }) => code),
    ['TH1314'],
  );
  assert.deepEqual(planCgroups(request('v1', { cpu: { quota: 400_000 } })).warnings, []);
});

test('a controller that only lacks its mount is told so, with the command', () => {
  const none = { layout: 'none', controllers: {} } as const;
  const memory = { memory: { memory_hard_limit: 4096 } };
  const v1 = thrown('v1', memory, { facts: { ...none, unmounted: ['memory'] } });
  assert.equal(v1.message, 'the hierarchy of the memory controller is not mounted here');
  assert.equal(v1.hint, 'mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory');
  const v2 = thrown('v2', memory, { facts: { ...none, unmounted: ['cgroup2'] } });
  assert.match(v2.message, /cgroup2 is not mounted/);
  assert.equal(v2.hint, 'mount -t cgroup2 cgroup2 /sys/fs/cgroup');
  assert.match(thrown('v2', memory, { facts: none }).message, /this kernel offers no memory controller/);
});
