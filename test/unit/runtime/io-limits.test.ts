import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CgroupWrite } from '../../../src/cgroups/index.ts';
import { untilDisksCanBeLimited } from '../../../src/runtime/io-limits.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const YOUNG = { arch: 'armv7l', uptime: 100 };

function limit(more: Partial<CgroupWrite> = {}): CgroupWrite {
  return { op: 'write', controller: 'io', path: '/g', file: 'io.max', value: '8:0 rbps=1000', ...more };
}

function begin(
  writes: CgroupWrite[],
  kernel = YOUNG,
): { done: Promise<boolean> | undefined; told: number[]; clock: ManualClock; stop: AbortController } {
  const [told, clock, stop] = [[] as number[], new ManualClock(), new AbortController()];
  const tell = (seconds: number): void => void told.push(seconds);
  return { done: untilDisksCanBeLimited({ writes, stop: stop.signal, tell, kernel, clock }), told, clock, stop };
}

test('a start waits until the kernel takes its limits of disks, and says so', async () => {
  const { done, told, clock } = begin([limit(), limit({ file: 'pids.max', value: '5' })]);
  assert.deepEqual(told, [210]);
  let isDone = false;
  void done?.then(() => (isDone = true));
  await clock.advance(209_000);
  assert.equal(isDone, false);
  await clock.advance(1000);
  assert.equal(await done, true);
});

test('what has no such limit, can do without it, or is on another kernel starts at once', () => {
  for (const [writes, kernel] of [
    [[limit({ file: 'pids.max', value: '5' })], YOUNG],
    [[limit({ optional: true })], YOUNG],
    [[limit()], { ...YOUNG, arch: 'aarch64' }],
    [[limit()], { ...YOUNG, uptime: 1000 }],
    [[], YOUNG],
  ] as const) {
    const { done, told } = begin([...writes], kernel);
    assert.equal(done, undefined, 'not even a turn of the event loop');
    assert.deepEqual(told, []);
  }
});

test('a stop ends the wait', async () => {
  const { done, stop } = begin([limit()]);
  stop.abort();
  assert.equal(await done, false);
});
