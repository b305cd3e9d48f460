import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { acquireGroups, planCgroups, updateGroups, type Resources } from '../../../src/cgroups/index.ts';
import { assertNothingLeft, content, disk, fs, request, skipUnless, withGroups } from './board.ts';

const block = disk();
const device = block === undefined ? '' : `${block.major}:${block.minor}`;

/** Controllers, resources, and what the files read afterwards on a real kernel. */
const ROWS: [string[], string, Resources, Record<string, string>][] = [
  [
    ['memory'],
    'a hard limit rounded down to a page',
    { memory: { memory_hard_limit: 33_554_433 } },
    { 'memory.limit_in_bytes': '33554432' },
  ],
  [
    ['memory'],
    'memory plus swap',
    { memory: { memory_hard_limit: 33_554_432, memory_swap_limit: 67_108_864 } },
    { 'memory.limit_in_bytes': '33554432', 'memory.memsw.limit_in_bytes': '67108864' },
  ],
  [
    ['memory'],
    'unlimited memory',
    { memory: { memory_hard_limit: -1 } },
    { 'memory.limit_in_bytes': '9223372036854771712' },
  ],
  [
    ['memory'],
    'swappiness and the disabled killer',
    { memory: { swappiness: 10, oom_kill_disable: true } },
    { 'memory.swappiness': '10' },
  ],
  [
    ['cpu'],
    'shares, quota, period and burst',
    { cpu: { shares: 512, quota: 50_000, period: 200_000, burst: 10_000 } },
    { 'cpu.shares': '512', 'cpu.cfs_quota_us': '50000', 'cpu.cfs_period_us': '200000', 'cpu.cfs_burst_us': '10000' },
  ],
  [['cpu'], 'an idle group', { cpu: { idle: 1 } }, { 'cpu.idle': '1', 'cpu.shares': '3' }],
  [
    ['cpuset'],
    'processors, with inherited memory nodes',
    { cpu: { cpus: '0' } },
    { 'cpuset.cpus': '0', 'cpuset.mems': '0' },
  ],
  [['pids'], 'a limit of threads', { pids: { limit: 20 } }, { 'pids.max': '20' }],
  [['pids'], 'no limit of threads', { pids: { limit: -1 } }, { 'pids.max': 'max' }],
];

for (const [controllers, what, resources, files] of ROWS) {
  test(`the kernel takes ${what}`, { skip: skipUnless(...controllers) }, async () => {
    await withGroups(resources, (groups) => {
      for (const [file, value] of Object.entries(files)) assert.equal(content(groups, file), value);
    });
  });
}

test(
  'the kernel takes throttle rates of a real disk',
  { skip: skipUnless('blkio') || (block === undefined && 'no disk in /sys/block') },
  async () => {
    assert.ok(block);
    const rates = { major: block.major, minor: block.minor, rate: 1_048_576 };
    const resources: Resources = {
      blkio: {
        throttle_read_bps_device: [rates],
        throttle_write_iops_device: [{ device: block.path, rate: 100 }],
      },
    };
    const base = request({});
    const machine = { ...base.machine, blockDevices: { [block.path]: block } };
    await withGroups(
      resources,
      (groups) => {
        assert.equal(content(groups, 'blkio.throttle.read_bps_device'), `${device} 1048576`);
        assert.equal(content(groups, 'blkio.throttle.write_iops_device'), `${device} 100`);
      },
      { machine },
    );
  },
);

test(
  'a refused value removes every group that was made before it',
  { skip: skipUnless('blkio', 'memory', 'pids') },
  () => {
    const resources: Resources = {
      pids: { limit: 5 },
      memory: { memory_hard_limit: 33_554_432 },
      blkio: { throttle_read_bps_device: [{ major: 99, minor: 99, rate: 1000 }] },
    };
    assert.throws(
      () => acquireGroups(fs, planCgroups(request(resources))),
      (error: unknown) =>
        error instanceof ThubanError &&
        error.code === 'TH2004' &&
        error.details['errno'] === 'ENODEV' &&
        error.details['file'] === 'blkio.throttle.read_bps_device' &&
        error.details['value'] === '99:99 1000' &&
        error.details['key'] === 'cgroups.blkio.throttle_read_bps_device.0',
    );
    assertNothingLeft();
  },
);

test(
  'a knob that this kernel lacks degrades a best-effort container and refuses a strict one',
  { skip: skipUnless('blkio') },
  async () => {
    const resources: Resources = { blkio: { leaf_weight: 300 } };
    assert.throws(
      () => acquireGroups(fs, planCgroups(request(resources))),
      (error: unknown) => error instanceof ThubanError && error.code === 'TH2002',
    );
    assertNothingLeft();
    await withGroups(
      resources,
      (groups) => {
        assert.deepEqual(
          groups.degraded.map(({ code, key }) => [code, key]),
          [['TH2002', 'cgroups.blkio.leaf_weight']],
        );
      },
      { enforce: 'best_effort' },
    );
  },
);

test(
  'limits of a group that exists are raised and lowered in the order that the kernel allows',
  { skip: skipUnless('memory') },
  async () => {
    await withGroups({ memory: { memory_hard_limit: 33_554_432, memory_swap_limit: 67_108_864 } }, (groups) => {
      const name = groups.groups[0]?.path.split('/').at(-1)?.slice(2).split('@')[0] ?? '';
      for (const [hard, swap] of [
        [134_217_728, 268_435_456],
        [16_777_216, 33_554_432],
        [-1, -1],
      ] as const) {
        const plan = planCgroups(request({ memory: { memory_hard_limit: hard, memory_swap_limit: swap } }, { name }));
        updateGroups(fs, plan);
        const shown = (value: number): string => (value === -1 ? '9223372036854771712' : String(value));
        assert.equal(content(groups, 'memory.limit_in_bytes'), shown(hard));
        assert.equal(content(groups, 'memory.memsw.limit_in_bytes'), shown(swap));
      }
    });
  },
);
