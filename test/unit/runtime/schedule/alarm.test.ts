import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getTasks } from 'node-cron';
import { cronAlarm } from '../../../../src/runtime/schedule/alarm.ts';

describe('an alarm by node-cron', () => {
  const rung: number[] = [];
  const order: string[] = [];
  const alarm = cronAlarm({
    ring: () => {
      rung.push(Date.now());
      order.push('ring');
    },
    look: () => order.push('look'),
    log: () => undefined,
  });
  afterEach(() => {
    alarm.clear();
    rung.length = order.length = 0;
    assert.equal(getTasks().size, 0); // its registry is global
  });

  const nextSecond = (): number => Math.floor(Date.now() / 1000) * 1000 + 1000;

  test('rings once, and not before its time', async () => {
    const at = nextSecond() + 2000; // the first time takes a while
    alarm.set(at);
    await sleep(at + 1500 - Date.now());
    assert.equal(rung.length, 1);
    assert.ok(rung[0]! >= at);
    assert.equal(order[0], 'look');
  });

  test('rings for the last time that it was set to', async () => {
    alarm.set(nextSecond());
    alarm.set(nextSecond() + 3_600_000);
    await sleep(1200);
    assert.deepEqual(rung, []);
  });

  test('rings at once when its time has passed already', async () => {
    alarm.set(Date.now() - 5000);
    await sleep(20);
    assert.equal(rung.length, 1);
  });

  test('rings though something kept the process from it', async () => {
    const at = nextSecond();
    alarm.set(at);
    while (Date.now() < at + 1500); // longer than node-cron calls on time
    await sleep(20);
    assert.equal(rung.length, 1);
  });

  test('is silent when it is cleared', async () => {
    alarm.set(nextSecond());
    alarm.clear();
    await sleep(1200);
    assert.deepEqual(rung, []);
  });
});
