import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { acquireGroups, planCgroups, type Resources } from '../../../src/cgroups/index.ts';
import { content, disk, facts, fs, onBoard, request, skipUnless, withGroups } from './board.ts';

const block = disk();
const device = block === undefined ? '' : `${block.major}:${block.minor}`;
const HARD = { memory_hard_limit: 33_554_432 };

type Files = Record<string, string>;

/** Controller, what is set, and what the files read afterwards on a real kernel; null where a version refuses the setting. */
const ROWS: { controller: string; what: string; resources: Resources; v1: Files | null; v2: Files | null }[] = [
  {
    controller: 'memory',
    what: 'a hard limit rounded down to a page',
    resources: { memory: { memory_hard_limit: 33_554_433 } },
    v1: { 'memory.limit_in_bytes': '33554432' },
    v2: { 'memory.max': '33554432', 'memory.oom.group': '1' },
  },
  {
    controller: 'memory',
    what: 'memory plus swap',
    resources: { memory: { ...HARD, memory_swap_limit: 67_108_864 } },
    v1: { 'memory.limit_in_bytes': '33554432', 'memory.memsw.limit_in_bytes': '67108864' },
    v2: { 'memory.max': '33554432', 'memory.swap.max': '33554432' },
  },
  {
    controller: 'memory',
    what: 'unlimited memory',
    resources: { memory: { memory_hard_limit: -1 } },
    v1: { 'memory.limit_in_bytes': '9223372036854771712' },
    v2: { 'memory.max': 'max', 'memory.swap.max': 'max', 'memory.oom.group': '0' },
  },
  {
    controller: 'memory',
    what: 'swappiness and the disabled killer',
    resources: { memory: { swappiness: 10, oom_kill_disable: true } },
    v1: { 'memory.swappiness': '10' },
    v2: null,
  },
  {
    controller: 'memory',
    what: 'protected memory, and a group that does not die together',
    resources: { memory: { ...HARD, memory_soft_limit: 1_000_000, oom_group: false } },
    v1: { 'memory.soft_limit_in_bytes': '999424' },
    v2: { 'memory.low': '999424', 'memory.oom.group': '0' },
  },
  {
    controller: 'cpu',
    what: 'shares, quota, period and burst',
    resources: { cpu: { shares: 1024, quota: 50_000, period: 200_000, burst: 10_000 } },
    v1: {
      'cpu.shares': '1024',
      'cpu.cfs_quota_us': '50000',
      'cpu.cfs_period_us': '200000',
      'cpu.cfs_burst_us': '10000',
    },
    v2: { 'cpu.weight': '100', 'cpu.max': '50000 200000', 'cpu.max.burst': '10000' },
  },
  {
    controller: 'cpu',
    what: 'an idle group',
    resources: { cpu: { idle: 1 } },
    v1: { 'cpu.idle': '1', 'cpu.shares': '3' },
    v2: { 'cpu.idle': '1' },
  },
  {
    controller: 'cpuset',
    what: 'processors, with inherited memory nodes',
    resources: { cpu: { cpus: '0' } },
    v1: { 'cpuset.cpus': '0', 'cpuset.mems': '0' },
    v2: { 'cpuset.cpus': '0', 'cpuset.cpus.effective': '0', 'cpuset.mems': '', 'cpuset.mems.effective': '0' },
  },
  {
    controller: 'pids',
    what: 'a limit of threads',
    resources: { pids: { limit: 20 } },
    v1: { 'pids.max': '20' },
    v2: { 'pids.max': '20' },
  },
  {
    controller: 'pids',
    what: 'no limit of threads',
    resources: { pids: { limit: -1 } },
    v1: { 'pids.max': 'max' },
    v2: { 'pids.max': 'max' },
  },
  {
    controller: 'memory',
    what: 'raw files of v2, which win over the named keys',
    resources: { memory: HARD, unified: { 'memory.max': '16777216', 'memory.high': '8388608' } },
    v1: null,
    v2: { 'memory.max': '16777216', 'memory.high': '8388608' },
  },
];

for (const { controller, what, resources, v1, v2 } of ROWS) {
  const of = facts.controllers[controller]?.version ?? 2;
  const files = of === 1 ? v1 : v2;
  const skip = skipUnless(of, controller);
  if (files !== null)
    test(`the kernel takes ${what} (v${of})`, { skip }, async () => {
      await withGroups(resources, (groups) => {
        for (const [file, value] of Object.entries(files)) assert.equal(content(groups, file), value, file);
      });
    });
  else
    test(`${what}: refused before anything is made (v${of})`, { skip }, () => {
      assert.throws(() => planCgroups(request(resources)), ThubanError);
    });
}

const io = facts.controllers['io'] === undefined ? 1 : 2;
const skipIo = skipUnless(io, io === 1 ? 'blkio' : 'io') || (block === undefined && 'no disk in /sys/block');

test('the kernel takes throttle rates of a real disk', { skip: skipIo }, async () => {
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
      if (io === 2) {
        assert.equal(content(groups, 'io.max'), `${device} rbps=1048576 wbps=max riops=max wiops=100`);
        return;
      }
      assert.equal(content(groups, 'blkio.throttle.read_bps_device'), `${device} 1048576`);
      assert.equal(content(groups, 'blkio.throttle.write_iops_device'), `${device} 100`);
    },
    { machine },
  );
});

test('a refused value removes every group that was made before it', { skip: skipIo }, async () => {
  const resources: Resources = {
    pids: { limit: 5 },
    memory: HARD,
    blkio: { throttle_read_bps_device: [{ major: 99, minor: 99, rate: 1000 }] },
  };
  const [file, value] = io === 1 ? ['blkio.throttle.read_bps_device', '99:99 1000'] : ['io.max', '99:99 rbps=1000'];
  await onBoard(() => {
    assert.throws(
      () => acquireGroups(fs, planCgroups(request(resources))),
      (error: unknown) => {
        assert.ok(error instanceof ThubanError);
        assert.equal(error.code, 'TH2004');
        const { errno, key, ...rest } = error.details;
        assert.deepEqual([errno, rest['file'], rest['value']], ['ENODEV', file, value]);
        assert.equal(key, 'cgroups.blkio.throttle_read_bps_device.0');
        return true;
      },
    );
  });
});

const lacking: Record<1 | 2, [Resources, string]> = {
  1: [{ blkio: { leaf_weight: 300 } }, 'cgroups.blkio.leaf_weight'],
  2: [{ unified: { 'io.nonsense': '1' } }, 'cgroups.unified.io.nonsense'],
};
test(
  'a knob that this kernel lacks degrades a best-effort container and refuses a strict one',
  { skip: skipUnless(io, io === 1 ? 'blkio' : 'io') },
  async () => {
    const [resources, key] = lacking[io];
    await onBoard(() => {
      assert.throws(
        () => acquireGroups(fs, planCgroups(request(resources))),
        (error: unknown) => error instanceof ThubanError && error.code === 'TH2002',
      );
    });
    await withGroups(
      resources,
      (groups) => {
        assert.deepEqual(
          groups.degraded.map((notice) => [notice.code, notice.key]),
          [['TH2002', key]],
        );
      },
      { enforce: 'best_effort' },
    );
  },
);
