import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExecutorBench, manifest } from './bench.ts';

test('a version that is taken back after the daemon died goes on when it has ended', async () => {
  await using bench = new ExecutorBench();
  const old = manifest('app:1.0.0', ': slow');
  await bench.holds([old]);
  await bench.asks('start', 'app');
  // A next daemon finds it on its way to its end, with nobody who waits for that.
  const entry = bench.fleet.catalogue.entries.get('app:1.0.0');
  void entry?.supervised.makeRoom('for replacement');
  await bench.settled();
  assert.deepEqual(bench.containers, ['app:1.0.0 stopping']);
  await bench.finish('app:1.0.0');
  assert.deepEqual(bench.containers, ['app:1.0.0 running']);
});
