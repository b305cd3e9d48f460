import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OomLookout } from '../../../src/runtime/oom-lookout.ts';

/** A lookout whose pauses are written down, and end when the test says so. `true`: the container has ended. */
function lookout(): { it: OomLookout; pauses: number[]; looks: () => number; over: (ended: boolean) => Promise<void> } {
  const pauses: number[] = [];
  const waiting: ((ended: boolean) => void)[] = [];
  let looks = 0;
  const it = new OomLookout(
    () => looks++,
    (ms) => {
      pauses.push(ms);
      return new Promise((resolve) => waiting.push(resolve));
    },
  );
  const over = async (ended: boolean): Promise<void> => {
    waiting.shift()?.(ended);
    await new Promise(setImmediate);
  };
  return { it, pauses, looks: () => looks, over };
}

describe('after a notification of an out-of-memory', () => {
  test('the counter is looked at now, each millisecond, and then less often for a second', async () => {
    const { it, pauses, looks, over } = lookout();
    const done = it.notified();
    assert.equal(looks(), 1);
    while (looks() < 13) await over(false);
    await done;
    assert.deepEqual(pauses.slice(0, 5), [1, 1, 1, 1, 2]);
    const sum = pauses.reduce((a, b) => a + b, 0);
    assert.ok(sum > 1000 && sum < 2000, `${sum} ms`);
  });

  test('another one begins the pauses anew, and no second lookout', async () => {
    const { it, pauses, looks, over } = lookout();
    void it.notified();
    for (let n = 0; n < 6; n++) await over(false);
    assert.deepEqual(pauses, [1, 1, 1, 1, 2, 4, 8]);
    await it.notified();
    assert.equal(looks(), 8);
    assert.equal(pauses.length, 7, 'the pause that has begun goes on');
    await over(false);
    assert.deepEqual(pauses.slice(7), [1]);
  });

  test('the end of the container is the end of it, and what comes later is looked at again', async () => {
    const { it, pauses, looks, over } = lookout();
    const done = it.notified();
    await over(true);
    await done;
    assert.deepEqual([looks(), pauses.length], [1, 1]);
    void it.notified();
    assert.deepEqual([looks(), pauses.length], [2, 2]);
  });
});
