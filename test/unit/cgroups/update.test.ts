import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { applyUpdate, planCgroups, planUpdate, type CgroupPlan, type Resources } from '../../../src/cgroups/index.ts';
import { v1Board, v2Board } from './fake-boards.ts';
import { Live } from './live.ts';
import { request } from './requests.ts';
import { updateCases } from './update-cases.ts';

const MIB = 1024 * 1024;

const ALL: Resources = {
  memory: { memory_hard_limit: MIB },
  cpu: { shares: 1024, cpus: '0' },
  pids: { limit: 1 },
  blkio: { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 1 }] },
};
const ALL_V2: Resources = { ...ALL, blkio: { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 2 }] } };

const boards = [
  ['v1', () => v1Board(), ALL],
  ['v2', () => v2Board(), ALL_V2],
] as const;

for (const [version, board, all] of boards) {
  describe(`limits of a container that runs, on ${version}`, () => {
    for (const { name, steps, file } of updateCases) {
      if (file?.[version === 'v1' ? 1 : 2] === 'none') continue;
      test(name, () => {
        const [first, ...rest] = steps;
        assert.ok(first);
        const live = new Live(board(), first.to, all);
        live.fs.spawn(...live.groups.groups.map(({ path }) => path));
        for (const step of [first, ...rest]) {
          if (step !== first) live.update(step.to);
          const shown: Record<string, string> = Object.fromEntries(
            Object.keys(step[version]).map((key) => [key, live.show(key)]),
          );
          const above = { cpus: '0-3', mems: '0' };
          const wanted: (string | undefined)[][] = Object.entries(step[version]).map(([key, value]) => [
            key,
            value === '<above>' ? above[key.endsWith('cpus') ? 'cpus' : 'mems'] : value,
          ]);
          assert.deepEqual(shown, Object.fromEntries(wanted));
        }
      });
    }

    test('only what changes is written', () => {
      const live = new Live(board(), { ...ALL_V2, cpu: { quota: 50_000, burst: 1000, shares: 512 } }, all);
      const written = live.update({
        ...ALL_V2,
        cpu: { quota: 50_000, burst: 1000, shares: 512 },
        memory: { memory_hard_limit: 2 * MIB },
      });
      assert.deepEqual(written, [`${version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max'} ${2 * MIB}`]);
      assert.deepEqual(
        live.update({
          ...ALL_V2,
          cpu: { quota: 50_000, burst: 1000, shares: 512 },
          memory: { memory_hard_limit: 2 * MIB },
        }),
        [],
      );
    });

    test('rates of disks are changed and lifted one by one', () => {
      const live = new Live(board(), {}, all);
      const rates = (read: number, write?: number): Resources => ({
        blkio: {
          throttle_read_bps_device: [{ major: 8, minor: 0, rate: read }],
          ...(write === undefined ? {} : { throttle_write_iops_device: [{ major: 8, minor: 16, rate: write }] }),
        },
      });
      live.update(rates(1000, 50));
      const one = live.update(rates(2000, 50));
      assert.deepEqual(one, [version === 'v1' ? 'blkio.throttle.read_bps_device 8:0 2000' : 'io.max 8:0 rbps=2000']);
      live.update(rates(2000));
      if (version === 'v1') assert.equal(live.show('blkio.throttle.write_iops_device'), '');
      else assert.equal(live.show('io.max'), '8:0 rbps=2000 wbps=max riops=max wiops=max');
      live.update({});
      assert.equal(live.show(version === 'v1' ? 'blkio.throttle.read_bps_device' : 'io.max'), '');
    });

    test('a refusal in the middle takes everything back', () => {
      const from: Resources = {
        memory: { memory_hard_limit: 64 * MIB, memory_swap_limit: 128 * MIB },
        cpu: { quota: 50_000, period: 100_000 },
        pids: { limit: 20 },
        blkio: { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 1000 }] },
      };
      const live = new Live(board(), from, all);
      const files =
        version === 'v1'
          ? 'memory.limit_in_bytes memory.memsw.limit_in_bytes cpu.cfs_quota_us cpu.cfs_period_us pids.max blkio.throttle.read_bps_device'
          : 'memory.max memory.swap.max cpu.max pids.max io.max';
      const state = (): string[] => files.split(' ').map((file) => `${file} ${live.show(file)}`);
      const before = state();
      const to: Resources = {
        memory: { memory_hard_limit: 256 * MIB, memory_swap_limit: 512 * MIB },
        cpu: { quota: 900_000, period: 1_000_000, shares: 100 },
        pids: { limit: 40 },
        blkio: {
          throttle_read_bps_device: [
            { major: 8, minor: 0, rate: 5000 },
            { major: 99, minor: 0, rate: 5000 },
          ],
        },
      };
      assert.throws(
        () => live.update(to),
        (error) => {
          assert.ok(error instanceof ThubanError);
          assert.equal(error.code, 'TH2004');
          assert.match(error.message, /99:0 .*; the old limits stand$/);
          assert.equal(error.details['errno'], 'ENODEV');
          assert.equal(error.details['key'], 'cgroups.blkio.throttle_read_bps_device.1');
          return true;
        },
      );
      assert.ok(live.written.length > 6);
      assert.deepEqual(state(), before);
    });

    test('every write can be the one that is refused', () => {
      const from: Resources = { ...ALL_V2, cpu: { quota: 50_000, burst: 1000, shares: 512, cpus: '0-1' } };
      const to: Resources = {
        memory: { memory_hard_limit: 2 * MIB, memory_swap_limit: 4 * MIB, memory_soft_limit: MIB },
        cpu: { quota: 500, period: 5000, idle: 1, cpus: '1' },
        pids: { limit: 7 },
      };
      to.cpu = { ...to.cpu, quota: 2000 };
      const count = new Live(board(), from, all).planTo(to).writes.length;
      for (let at = 0; at < count; at++) {
        const live = new Live(board(), from, all);
        const update = live.planTo(to);
        const victim = update.writes[at];
        assert.ok(victim);
        const before = allFiles(live);
        live.fs.faults.push({ op: 'write', path: `${victim.path}/${victim.file ?? ''}`, errno: 'EIO', times: 1 });
        assert.throws(
          () => applyUpdate(live.fs, update),
          (error) =>
            error instanceof ThubanError && error.code === 'TH2004' && error.message.includes('the old limits stand'),
        );
        assert.deepEqual(allFiles(live), before, `${victim.file ?? ''} refused`);
      }
    });

    test('what cannot be taken back is named', () => {
      const live = new Live(board(), { pids: { limit: 20 } }, all);
      const path = live.path('pids.max');
      const disk = live.path(version === 'v1' ? 'blkio.throttle.read_bps_device' : 'io.max');
      live.fs.faults.push({
        op: 'write',
        path: disk,
        errno: 'ENODEV',
        then: () => live.fs.faults.push({ op: 'write', path, errno: 'EIO' }),
      });
      const to: Resources = {
        pids: { limit: 40 },
        blkio: { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 9 }] },
      };
      assert.throws(
        () => live.update(to),
        (error) => {
          assert.ok(error instanceof ThubanError);
          assert.equal(error.code, 'TH2017');
          assert.match(error.message, /ENODEV.*not all of it could be taken back: pids\.max is `40` and was `20`$/);
          return true;
        },
      );
    });

    test('a limit of threads below those that there are is refused, and forced', () => {
      const live = new Live(board(), { pids: { limit: 20 } }, all);
      const paths = live.groups.groups.map(({ path }) => path);
      for (let i = 0; i < 5; i++) live.fs.spawn(...paths);
      assert.throws(
        () => live.update({ pids: { limit: 3 } }),
        (error) => {
          assert.ok(error instanceof ThubanError);
          assert.equal(error.code, 'TH2005');
          assert.equal(error.message, '3 threads for pids.max is below the present use of 5 threads');
          assert.deepEqual([error.details['limit'], error.details['use']], [3, 5]);
          return true;
        },
      );
      assert.deepEqual(live.written, []);
      assert.deepEqual(live.update({ pids: { limit: 3 } }, true), ['pids.max 3']);
      // It is raised, and still below the use: that makes nothing worse.
      assert.deepEqual(live.update({ pids: { limit: 4 } }), ['pids.max 4']);
    });

    test('a limit of memory below the use is refused, also when the kernel can reclaim some of it', () => {
      const live = new Live(board(), { pids: { limit: 20 }, memory: { memory_hard_limit: 64 * MIB } }, all);
      const group = live.fs.group(live.groups.memory?.path ?? '');
      group.usage = 40 * MIB;
      group.reclaimable = 8 * MIB;
      const to: Resources = { pids: { limit: 10 }, memory: { memory_hard_limit: 16 * MIB } };
      assert.throws(
        () => live.update(to),
        (error) => {
          assert.ok(error instanceof ThubanError);
          assert.equal(error.code, 'TH2005');
          assert.match(error.message, /^16 MiB for memory\.\S+ is below the present use of 32 MiB/);
          return true;
        },
      );
      assert.equal(live.show('pids.max'), '20');
      assert.equal(live.show(version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max'), String(64 * MIB));
      group.usage = 40 * MIB;
      group.reclaimable = 30 * MIB;
      live.update(to);
      assert.equal(live.show('pids.max'), '10');
    });
  });
}

test('on v2 a limit below the use is written when it is forced', () => {
  const live = new Live(v2Board(), { memory: { memory_hard_limit: 64 * MIB } }, ALL_V2);
  live.fs.group(live.groups.memory?.path ?? '').usage = 40 * MIB;
  assert.deepEqual(live.update({ memory: { memory_hard_limit: 16 * MIB } }, true), [`memory.max ${16 * MIB}`]);
});

test('on v1 the kernel takes no limit below the use, forced or not', () => {
  const live = new Live(v1Board(), { memory: { memory_hard_limit: 64 * MIB } }, ALL);
  live.fs.group(live.groups.memory?.path ?? '').usage = 40 * MIB;
  assert.throws(() => live.update({ memory: { memory_hard_limit: 16 * MIB } }, true), { code: 'TH2005' });
});

describe('what takes a new start', () => {
  test('a controller in which the container has no group', () => {
    const live = new Live(v1Board(), { pids: { limit: 5 } });
    const { obstacles, writes } = live.planTo({ pids: { limit: 6 }, cpu: { quota: 50_000 } });
    assert.deepEqual(obstacles, [{ key: 'cgroups.cpu.quota', message: 'it runs in no group of the cpu controller' }]);
    assert.deepEqual(writes, []);
  });

  test('a raw file of which nobody knows what a new group has', () => {
    const plan = (resources: Resources): CgroupPlan => planCgroups(request('v2', resources));
    const before = plan({ unified: { 'cpuset.cpus.exclusive': '1' } });
    const { obstacles } = planUpdate(before.groups, [before], plan({}));
    assert.deepEqual(
      obstacles.map(({ key }) => key),
      ['cgroups.unified.cpuset.cpus.exclusive'],
    );
  });

  test('no raw file that nothing stays of, or whose value in a new group is known', () => {
    const plan = (unified: Record<string, string>): CgroupPlan => planCgroups(request('v2', { unified }));
    for (const [file, value, back] of [
      ['memory.reclaim', '1M', []],
      ['memory.peak', 'reset', []],
      ['memory.pressure', 'some 200000 2000000', []],
      ['io.latency', '8:0 target=1000', ['8:0 target=0']],
      ['io.prio.class', 'idle', ['no-change']],
      ['memory.zswap.writeback', '0', ['<parent>']],
      ['misc.max', 'res 5', ['res max']],
      ['rdma.max', 'mlx4_0 hca_handle=2 hca_object=20', ['mlx4_0 hca_handle=max', 'mlx4_0 hca_object=max']],
    ] as const) {
      const before = plan({ [file]: value });
      const { obstacles, writes } = planUpdate(before.groups, [before], plan({}));
      assert.deepEqual([obstacles, writes.map((write) => write.value)], [[], back], file);
    }
  });
});

test('a burst that stays is written again after cpu.max, which some kernels spoil it with', () => {
  const live = new Live(v2Board(), { cpu: { quota: 50_000, burst: 1000 } }, ALL_V2);
  assert.deepEqual(live.update({ cpu: { quota: 60_000, burst: 1000 } }), [
    'cpu.max 60000 100000',
    'cpu.max.burst 1000',
  ]);
});

function allFiles(live: Live): string[] {
  return live.groups.groups.flatMap(({ path }) =>
    live.fs
      .list(path)
      .filter(
        ({ name, directory }) => !directory && !/procs|tasks|threads|events|stat|reclaim|pressure_level/.test(name),
      )
      .map(({ name }) => `${name} ${live.fs.read(`${path}/${name}`)}`),
  );
}
