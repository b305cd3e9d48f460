import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CgroupsSection } from '../../../../src/manifest/index.ts';
import { ExecutorBench, manifest } from './bench.ts';

const MIB = 1024 * 1024;
const limited = (cgroups: CgroupsSection, script = ': slow one'): ReturnType<typeof manifest> =>
  manifest('app:1.0.0', script, { cgroups });
const memory = (hard: number): CgroupsSection => ({ memory: { memory_hard_limit: hard } });

const GROUP = '/sys/fs/cgroup/thuban/c-app@1.0.0';

async function running(bench: ExecutorBench, cgroups: CgroupsSection): Promise<void> {
  await bench.holds([limited(cgroups)]);
  await bench.asks('start', 'app');
}

function file(bench: ExecutorBench, name: string): string {
  return bench.board.fs.read(`${GROUP}/${name}`).trim();
}

describe('a manifest in which only limits changed', () => {
  test('is put in force while the program runs', async () => {
    await using bench = new ExecutorBench();
    await running(bench, { ...memory(64 * MIB), pids: { limit: 20 } });
    await bench.holds([limited(memory(96 * MIB))]);
    assert.deepEqual(
      ['memory.max', 'pids.max'].map((name) => file(bench, name)),
      [String(96 * MIB), 'max'],
    );
    assert.deepEqual(bench.containers, ['app:1.0.0 running']);
    assert.deepEqual(await bench.told('started', 'updated', 'exited'), ['started app:1.0.0', 'updated app:1.0.0']);
    const detail = bench.supervisor.inspect('app');
    assert.deepEqual([detail.manifest?.cgroups, detail.limits], [memory(96 * MIB), undefined]);
    // What a next daemon finds with the run, and what it finds on disk.
    const [record] = [...bench.board.blobs.values()];
    assert.deepEqual(
      [record?.manifest?.cgroups, record?.memory_limit, record?.pending, record?.digest],
      [memory(96 * MIB), 96 * MIB, undefined, limited(memory(96 * MIB)).digest],
    );
  });

  test('restarts it where the limits take a new start', async () => {
    await using bench = new ExecutorBench();
    await running(bench, { unified: { 'memory.zswap.max': '0' }, enforce: 'best_effort' });
    await bench.holds([limited({ ...memory(64 * MIB), enforce: 'strict' })]);
    assert.deepEqual(bench.containers, ['app:1.0.0 stopping']);
    await bench.finish('app:1.0.0');
    assert.equal(file(bench, 'memory.max'), String(64 * MIB));
  });

  test('restarts it when something else changed as well', async () => {
    await using bench = new ExecutorBench();
    await running(bench, memory(64 * MIB));
    await bench.holds([limited(memory(96 * MIB), ': slow two')]);
    assert.deepEqual(bench.containers, ['app:1.0.0 stopping']);
  });

  test('stays out of force as a whole when the kernel refuses it, and that is told until it is mended', async () => {
    await using bench = new ExecutorBench();
    const before = memory(64 * MIB);
    await running(bench, before);
    const bad: CgroupsSection = {
      ...memory(96 * MIB),
      blkio: { throttle_read_bps_device: [{ major: 9, minor: 9, rate: 1000 }] },
    };
    await bench.holds([limited(bad)]);
    assert.deepEqual(bench.containers, ['app:1.0.0 running']);
    assert.equal(file(bench, 'memory.max'), String(64 * MIB));
    const [condition] = bench.supervisor.inspect('app').conditions;
    assert.equal(condition?.code, 'TH2004');
    assert.match(
      condition.message,
      /^the limits of \/r\/app\.yaml are not in force: .*ENODEV.*; the old limits stand$/,
    );
    assert.deepEqual(bench.supervisor.inspect('app').manifest?.cgroups, before);
    // Looking again tries again, and says no more of it.
    await bench.holds([limited(bad)]);
    assert.equal(bench.log.filter((line) => line.startsWith('error ')).length, 1);
    await bench.holds([limited(memory(96 * MIB))]);
    assert.deepEqual(bench.supervisor.inspect('app').conditions, []);
    assert.equal(file(bench, 'memory.max'), String(96 * MIB));
  });

  test('starts what waits for a restart at once', async () => {
    await using bench = new ExecutorBench();
    const restart = {
      policy: 'on_failure',
      initial_delay: 60,
      max_delay: 60,
      multiplier: 1,
      jitter: 0,
      reset_after: 60,
      max_restarts: 5,
    } as const;
    const one = manifest('app:1.0.0', ': slow one', { cgroups: memory(64 * MIB), restart });
    await bench.holds([one]);
    await bench.asks('start', 'app');
    await bench.finish('app:1.0.0', 3);
    assert.deepEqual(bench.containers, ['app:1.0.0 backoff']);
    await bench.holds([manifest('app:1.0.0', ': slow one', { cgroups: memory(96 * MIB), restart })]);
    assert.deepEqual(bench.containers, ['app:1.0.0 running']);
    assert.equal(file(bench, 'memory.max'), String(96 * MIB));
  });
});

describe('limits that are changed by hand', () => {
  test('hold through a restart, until the manifest changes', async () => {
    await using bench = new ExecutorBench();
    await running(bench, { ...memory(64 * MIB), cpu: { quota: 50_000 } });
    const updated = await bench.supervisor.update('app', {
      memory: { memory_hard_limit: '96 MiB' },
      pids: { limit: 9 },
    });
    assert.deepEqual(
      updated.changed.map(({ key, from, to }) => [key, from, to]),
      [
        ['cgroups.memory.memory_hard_limit', 64 * MIB, 96 * MIB],
        ['cgroups.pids', null, { limit: 9 }],
        ['cgroups.cpu', { quota: 50_000 }, null],
      ],
    );
    assert.deepEqual(
      updated.writes.map(({ file: name, value }) => `${name ?? ''} ${value ?? ''}`),
      ['pids.max 9', `memory.max ${96 * MIB}`, 'cpu.max max 100000'],
    );
    assert.equal(updated.differs, true);
    assert.deepEqual(bench.supervisor.inspect('app').limits?.cgroups, { ...memory(96 * MIB), pids: { limit: 9 } });
    const restarted = bench.asks('restart', 'app');
    await bench.settled();
    await bench.finish('app:1.0.0');
    assert.equal(await restarted, 'done');
    assert.deepEqual(
      ['memory.max', 'pids.max', 'cpu.max'].map((name) => file(bench, name)),
      [String(96 * MIB), '9', 'max 100000'],
    );
    // Another text of the same meaning is no other manifest.
    const text = limited({ ...memory(64 * MIB), cpu: { quota: 50_000 } });
    await bench.holds([{ ...text, digest: 'with a remark' }]);
    assert.notEqual(bench.supervisor.inspect('app').limits, undefined);
    await bench.holds([limited(memory(80 * MIB))]);
    assert.equal(bench.supervisor.inspect('app').limits, undefined);
    assert.deepEqual(
      ['memory.max', 'pids.max', 'cpu.max'].map((name) => file(bench, name)),
      [String(80 * MIB), 'max', 'max 100000'],
    );
  });

  test('that are those of the manifest are none', async () => {
    await using bench = new ExecutorBench();
    await running(bench, memory(64 * MIB));
    await bench.supervisor.update('app', memory(96 * MIB) as Record<string, unknown>);
    const back = await bench.supervisor.update('app', memory(64 * MIB) as Record<string, unknown>);
    assert.deepEqual([back.differs, bench.supervisor.inspect('app').limits], [false, undefined]);
    assert.equal(file(bench, 'memory.max'), String(64 * MIB));
  });

  test('are only shown in a dry run', async () => {
    await using bench = new ExecutorBench();
    await running(bench, memory(64 * MIB));
    bench.board.fs.group(GROUP).usage = 40 * MIB;
    const would = await bench.supervisor.update('app', memory(16 * MIB) as Record<string, unknown>, { dry_run: true });
    assert.deepEqual([would.duration, would.writes.length], [undefined, 1]);
    assert.deepEqual(would.below_use, [
      { key: 'cgroups.memory.memory_hard_limit', file: 'memory.max', limit: 16 * MIB, use: 40 * MIB },
    ]);
    assert.equal(file(bench, 'memory.max'), String(64 * MIB));
  });

  test('below the use are refused unless they are forced', async () => {
    await using bench = new ExecutorBench();
    await running(bench, memory(64 * MIB));
    bench.board.fs.group(GROUP).usage = 40 * MIB;
    const to = memory(16 * MIB) as Record<string, unknown>;
    await assert.rejects(bench.supervisor.update('app', to), { code: 'TH2005' });
    assert.equal(file(bench, 'memory.max'), String(64 * MIB));
    await bench.supervisor.update('app', to, { force: true });
    assert.equal(file(bench, 'memory.max'), String(16 * MIB));
  });

  for (const [what, cgroups, code] of [
    ['an unknown key', { memroy: {} }, 'TH1102'],
    ['a size that cannot be read', { memory: { memory_hard_limit: '64 Megs' } }, 'TH1202'],
    ['a number that no kernel takes', { cpu: { quota: 5 } }, 'TH1205'],
    ['what may be left out', { enforce: 'best_effort' }, 'TH6005'],
  ] as const) {
    test(`are refused: ${what}`, async () => {
      await using bench = new ExecutorBench();
      await running(bench, memory(64 * MIB));
      bench.board.fs.log.length = 0;
      await assert.rejects(bench.supervisor.update('app', cgroups), { code });
      assert.deepEqual(bench.board.fs.log, []);
    });
  }

  test('need something that runs', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([limited({})]);
    await assert.rejects(bench.supervisor.update('app', {}), { code: 'TH6005' });
  });

  test('are changed one after the other', async () => {
    await using bench = new ExecutorBench();
    await running(bench, memory(64 * MIB));
    const all = await Promise.all(
      [70, 80, 90].map((size) => bench.supervisor.update('app', memory(size * MIB) as Record<string, unknown>)),
    );
    assert.deepEqual(
      all.map(({ changed }) => [changed[0]?.from, changed[0]?.to]),
      [
        [64 * MIB, 70 * MIB],
        [70 * MIB, 80 * MIB],
        [80 * MIB, 90 * MIB],
      ],
    );
  });
});
