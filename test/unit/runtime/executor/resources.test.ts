import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExecutorBench, manifest, type Sections } from './bench.ts';

const maps = (version: string): ReturnType<typeof manifest> =>
  manifest(`maps:${version}`, ':', { rootfs: { type: 'dir', path: `/srv/maps-${version}` } });
const reader = (version: string, more: Sections = {}): ReturnType<typeof manifest> =>
  manifest('app:1.0.0', `: ${version}`, {
    mounts: { '/maps': { type: 'resource', name: 'maps', version, dir: '/' } },
    autostart: 'relaxed',
    ...more,
  });

describe('a container that mounts files of another', () => {
  test('starts when both come at once, whichever is named first', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([reader('^1'), maps('1.0.0')]);
    assert.deepEqual(bench.containers, ['app:1.0.0 running', 'maps:1.0.0 stopped']);
  });

  test('starts by itself when they come later, and only when they are what it asks for', async () => {
    await using bench = new ExecutorBench();
    await bench.holds([reader('^2')]);
    await bench.holds([reader('^2'), maps('1.0.0')]);
    assert.deepEqual(bench.containers, ['app:1.0.0 failed', 'maps:1.0.0 stopped']);
    assert.equal((await bench.told('exited')).length, 1, 'not tried when nothing has changed');
    await bench.holds([reader('^2'), maps('1.0.0'), maps('2.0.0')]);
    assert.equal(bench.containers[0], 'app:1.0.0 running');
  });

  test('stays failed without autostart', async () => {
    await using bench = new ExecutorBench();
    const { autostart: _, ...manual } = reader('^1').manifest;
    const wanted = { ...reader('^1'), manifest: manual };
    await bench.holds([wanted]);
    await bench.asks('start', 'app');
    await bench.holds([wanted, maps('1.0.0')]);
    assert.deepEqual(bench.containers, ['app:1.0.0 failed', 'maps:1.0.0 stopped']);
  });
});
