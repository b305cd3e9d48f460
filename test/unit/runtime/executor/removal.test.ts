import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Leaving } from '../../../../src/runtime/leaving.ts';
import { holdingsOf } from '../../../../src/runtime/repository/index.ts';
import { resumeFleet } from '../../../../src/runtime/resume-fleet.ts';
import { ExecutorBench, manifest } from './bench.ts';

const app = manifest('app:1.0.0', ': slow', { autostart: 'relaxed' });

describe('a container whose manifest is gone', () => {
  test('is not started any more while it ends', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([app]);
    assert.deepEqual(bench.board.live, ['app:1.0.0']);
    await bench.holds([]);
    const asked = bench.asks('restart', 'app');
    await bench.settled();
    await bench.finish('app:1.0.0');
    assert.equal(await asked, '`app:1.0.0` is being removed');
    assert.deepEqual([bench.containers, bench.board.live], [[], []]);
    await bench.holds([app]);
    assert.deepEqual(bench.board.live, ['app:1.0.0']);
  });

  test('is not started any more while a run beside it ends', async () => {
    await using bench = new ExecutorBench();
    const job = manifest('job:1.0.0', ': slow');
    await bench.holds([job]);
    const entry = bench.fleet.catalogue.entries.get('job:1.0.0');
    assert.ok(entry !== undefined);
    const beside = bench.fleet.add({ loaded: job, repository: 'main' }, 2);
    void beside.supervised.start();
    await bench.settled();
    assert.deepEqual(bench.board.live, ['job:1.0.0#2']);
    await bench.holds([]);
    assert.equal(await bench.asks('start', 'job:1.0.0'), '`job:1.0.0` is being removed');
    await bench.finish('job:1.0.0#2');
    assert.deepEqual([bench.containers, bench.board.live], [[], []]);
  });

  test('and was asked to restart before that is not started either', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([app]);
    const asked = bench.asks('restart', 'app');
    await bench.settled();
    await bench.holds([]);
    await bench.finish('app:1.0.0');
    assert.match(await asked, /is being removed|asked to stop/);
    assert.deepEqual([bench.containers, bench.board.live], [[], []]);
  });

  test('and that a daemon left with a run beside it: that one is not started any more either', async () => {
    await using bench = new ExecutorBench();
    const { fleet, files, stores } = bench;
    const { supervised } = fleet.add({ loaded: manifest('job:1.0.0', ': slow'), repository: 'main' }, 2);
    void supervised.start();
    await bench.settled();
    const problems: Error[] = [];
    resumeFleet({
      fleet,
      inheritance: { held: new Map(), saved: new Map(), noted: new Map() },
      holdings: holdingsOf(new Map(), []),
      dirs: [],
      files,
      stores,
      wasClean: true,
      judge: () => undefined,
      onProblem: (error) => problems.push(error),
    });
    await bench.settled();
    assert.equal(await bench.asks('restart', 'job:1.0.0#2'), '`job:1.0.0#2` is being removed');
    await bench.finish('job:1.0.0#2');
    assert.deepEqual([bench.containers, bench.board.live, problems], [[], [], []]);
  });

  test('keeps its place when something of it lives all the same', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([app]);
    const entry = bench.fleet.catalogue.entries.get('app:1.0.0');
    assert.ok(entry !== undefined);
    const leaving = new Leaving(bench.fleet, entry);
    assert.throws(
      () => {
        leaving.forget();
      },
      { code: 'TH6005', message: '`app:1.0.0` is running, so it cannot be removed' },
    );
    assert.equal(await bench.asks('restart', 'app'), '`app:1.0.0` is being removed');
    leaving.takeBack();
    const asked = bench.asks('restart', 'app');
    await bench.finish('app:1.0.0');
    assert.deepEqual([await asked, bench.board.live], ['done', ['app:1.0.0']]);
  });
});
