import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExecutorBench, manifest } from './bench.ts';

const app = manifest('app:1.0.0', ': slow one');
const second = manifest('app:1.0.0', ': slow two');
const third = manifest('app:1.0.0', ': slow three');
const hourly = { cron: '0 * * * *', time_zone: 'UTC', overlap: 'forbid', catch_up: 'none' } as const;
const times = { catch_up_window: 3600, jitter: 0, max_runtime: 'unlimited' } as const;

/** `app:1.0.0` runs, and `next` is about to replace it: it takes its time to end. */
async function replacing(bench: ExecutorBench, from = app, next = second): Promise<void> {
  bench.fleet.clockwork.start();
  await bench.holds([from]);
  await bench.asks('start', 'app');
  await bench.holds([next]);
  assert.deepEqual(bench.containers, ['app:1.0.0 stopping']);
}

describe('a replacement that takes its time', () => {
  test('starts what is wanted when it comes to that, once', async () => {
    await using bench = new ExecutorBench();
    await replacing(bench);
    await bench.holds([third]);
    await bench.finish('app:1.0.0');
    assert.deepEqual(
      bench.board.running.map(({ command, isStopping }) => [command.split(' ').at(-1), isStopping]),
      [['three', false]],
    );
    assert.deepEqual(await bench.told('updated'), ['updated app:1.0.0']);
  });

  test('starts nothing when the manifest is gone by then', async () => {
    await using bench = new ExecutorBench();
    await replacing(bench);
    await bench.holds([]);
    await bench.finish('app:1.0.0');
    assert.deepEqual([bench.containers, bench.board.live], [[], []]);
    assert.deepEqual(await bench.told('started'), ['started app:1.0.0']);
  });

  test('goes on when the file is broken by then', async () => {
    await using bench = new ExecutorBench();
    await replacing(bench);
    await bench.holds([], { rejected: [{ file: second.file, isDuplicate: false }] });
    await bench.finish('app:1.0.0');
    assert.deepEqual(bench.containers, ['app:1.0.0 running']);
  });

  test('is followed by another version that stands in the file by then, which runs', async () => {
    await using bench = new ExecutorBench();
    await replacing(bench);
    await bench.holds([manifest('app:2.0.0', ':')]);
    await bench.finish('app:1.0.0');
    assert.deepEqual(bench.containers, ['app:2.0.0 running']);
    assert.deepEqual(bench.board.live, ['app:2.0.0']);
  });

  test('takes the text over also when somebody stops it meanwhile, with its schedule', async () => {
    await using bench = new ExecutorBench();
    const before = manifest('app:1.0.0', ': slow', { schedule: { ...hourly, ...times } });
    const after = manifest('app:1.0.0', ': slow', { schedule: { ...hourly, ...times, cron: '30 * * * *' } });
    await replacing(bench, before, after);
    const asked = bench.asks('stop', 'app');
    await bench.finish('app:1.0.0');
    assert.equal(await asked, 'done');
    const entry = bench.fleet.catalogue.entries.get('app:1.0.0');
    assert.equal(entry?.scheduled?.schedule.cron, '30 * * * *');
    assert.deepEqual(bench.containers, ['app:1.0.0 stopped']);
    assert.deepEqual(await bench.told('updated'), ['updated app:1.0.0']);
  });

  test('starts the new text also when somebody asked for a restart meanwhile', async () => {
    await using bench = new ExecutorBench();
    await replacing(bench);
    const asked = bench.asks('restart', 'app');
    await bench.finish('app:1.0.0');
    assert.equal(await asked, 'done');
    assert.deepEqual(
      bench.board.running.map(({ command }) => command.split(' ').at(-1)),
      ['two'],
    );
  });
});

describe('another version that takes the place of what ends slowly', () => {
  const next = manifest('app:1.1.0', ':');

  async function succeeding(bench: ExecutorBench): Promise<void> {
    await bench.holds([app]);
    await bench.asks('start', 'app');
    await bench.holds([next]);
    assert.deepEqual(bench.containers, ['app:1.0.0 stopping']);
  }

  test('is the only one that runs, also when somebody restarts the old one', async () => {
    await using bench = new ExecutorBench();
    await succeeding(bench);
    const asked = bench.asks('restart', 'app:1.0.0');
    await bench.finish('app:1.0.0');
    assert.equal(await asked, '`app:1.0.0` is being removed');
    assert.deepEqual(bench.board.live, ['app:1.1.0']);
    assert.deepEqual(await bench.told('started'), ['started app:1.0.0', 'started app:1.1.0']);
  });

  test('stays stopped when somebody stopped the old one meanwhile', async () => {
    await using bench = new ExecutorBench();
    await succeeding(bench);
    const asked = bench.asks('stop', 'app:1.0.0');
    await bench.finish('app:1.0.0');
    assert.equal(await asked, 'done');
    assert.deepEqual(bench.containers, ['app:1.1.0 stopped']);
  });

  test('does not come when it is taken back, and the old one goes on', async () => {
    await using bench = new ExecutorBench();
    await succeeding(bench);
    await bench.holds([app]);
    await bench.finish('app:1.0.0');
    assert.deepEqual(bench.containers, ['app:1.0.0 running']);
    assert.deepEqual(await bench.told('started'), ['started app:1.0.0', 'started app:1.0.0']);
  });

  test('is the version that stands there when the old one has ended', async () => {
    await using bench = new ExecutorBench();
    await succeeding(bench);
    await bench.holds([manifest('app:1.2.0', ':')]);
    await bench.finish('app:1.0.0');
    assert.deepEqual(bench.containers, ['app:1.2.0 running']);
    assert.deepEqual(await bench.told('started'), ['started app:1.0.0', 'started app:1.2.0']);
  });

  test('waits for the runs beside the old one as well', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([app]);
    const beside = bench.fleet.add({ loaded: app, repository: 'main' }, 2);
    await bench.asks('start', 'app:1.0.0');
    void beside.supervised.start();
    await bench.settled();
    await bench.holds([next]);
    await bench.finish('app:1.0.0');
    assert.deepEqual(bench.board.live, ['app:1.0.0#2']);
    await bench.finish('app:1.0.0#2');
    assert.deepEqual(bench.containers, ['app:1.1.0 running']);
  });

  test('is not added a second time when its file is renamed meanwhile', async () => {
    await using bench = new ExecutorBench();
    await succeeding(bench);
    await bench.holds([{ ...next, file: '/r/app2.yaml' }]);
    assert.deepEqual(bench.containers, ['app:1.0.0 stopping']);
    await bench.finish('app:1.0.0');
    assert.deepEqual(bench.containers, ['app:1.1.0 running']);
    assert.equal(bench.fleet.catalogue.entries.get('app:1.1.0')?.supervised.loaded.file, '/r/app2.yaml');
    assert.deepEqual(await bench.told('manifest_loaded'), ['manifest_loaded app:1.0.0', 'manifest_loaded app:1.1.0']);
  });
});
