import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
});
