import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { on, scheduleDefaults } from '../../../support/schedules.ts';

describe('a scheduled container', () => {
  test('is started when its time has come, once', () =>
    on({ now: '2027-05-01T02:59:57.000Z' }, async (bench) => {
      assert.equal(bench.next, '2027-05-01T03:00:00Z');
      await bench.pass(10);
      assert.deepEqual(bench.told(), ['run 03:00:00']);
      assert.equal(bench.next, '2027-05-02T03:00:00Z');
      assert.equal(bench.scheduled.lastRun?.toISOString(), '2027-05-01T03:00:00.000Z');
    }));

  test('is not started any more once it is removed, and nothing is left of it', () =>
    on({ now: '2027-05-01T02:59:57.000Z' }, async (bench) => {
      await bench.pass(4);
      assert.deepEqual(readdirSync(join(bench.folder, 'data')), ['a@1.0.0.json']);
      bench.scheduler.remove('a:1.0.0', { forget: true });
      await bench.pass(10);
      assert.deepEqual(bench.told(), ['run 03:00:00']);
      assert.deepEqual(readdirSync(join(bench.folder, 'data')), []);
      assert.equal(bench.next, undefined);
    }));

  test('follows a schedule that was changed', () =>
    on({ now: '2027-05-01T02:59:57.000Z' }, async (bench) => {
      bench.scheduled.changed({ ...scheduleDefaults, cron: '*/5 * * * * *' });
      await bench.pass(8);
      assert.deepEqual(bench.told(), ['run 03:00:00', 'skip overlap 1']);
    }));

  test('is put off by the jitter', () =>
    on({ now: '2027-05-01T02:59:57.000Z', schedule: { jitter: 10 }, random: () => 0.5 }, async (bench) => {
      await bench.pass(7);
      assert.deepEqual(bench.told(), []);
      await bench.pass(2);
      const [event] = bench.events;
      assert.ok(event?.type === 'scheduled');
      assert.deepEqual([event.due, event.late_ms], ['2027-05-01T03:00:00.000Z', 5000]);
    }));

  test('runs once when this process was kept from running, and tells of the others', () =>
    on({ schedule: { cron: '* * * * * *' } }, async (bench) => {
      await bench.clock.advance(5000);
      assert.deepEqual(bench.told(), ['run 00:00:05', 'skip missed 4']);
    }));
});

describe('overlap', () => {
  const every10 = { cron: '*/10 * * * * *' };
  test('forbid: the first skipped run is told at once, the others at the end of the run', () =>
    on({ schedule: every10 }, async (bench) => {
      await bench.pass(41);
      assert.deepEqual(bench.told(), ['run 00:00:10', 'skip overlap 1']);
      bench.host.end();
      assert.deepEqual(bench.told(), ['skip overlap 2']);
      await bench.pass(10);
      assert.deepEqual(bench.told(), ['run 00:00:50']);
    }));

  test('queue: one waits for the end', () =>
    on({ schedule: { ...every10, overlap: 'queue' } }, async (bench) => {
      await bench.pass(31);
      assert.deepEqual(bench.told(), ['run 00:00:10', 'skip overlap 1']);
      bench.host.end();
      assert.deepEqual(bench.told(), ['run 00:00:20']);
      bench.host.end();
      assert.deepEqual(bench.host.running, []);
    }));

  test('queue: who waits is not overtaken by one that is put off', () => {
    const delays = [0, 0, 0.8, 0, 0.5];
    const random = (): number => delays.shift() ?? 0;
    return on({ schedule: { ...every10, overlap: 'queue', jitter: 10 }, random }, async (bench) => {
      await bench.pass(31);
      assert.deepEqual(bench.told(), ['run 00:00:10']);
      bench.host.end();
      assert.deepEqual(bench.told(), ['run 00:00:20']);
      await bench.pass(8);
      bench.host.end();
      assert.deepEqual(bench.told(), ['run 00:00:30']);
      await bench.pass(12);
      bench.host.running.length = 0; // its end is told in a moment
      await bench.pass(4);
      assert.deepEqual(bench.told(), ['run 00:00:40']);
    });
  });

  test('replace: the run is stopped for the next one', () =>
    on({ schedule: { ...every10, overlap: 'replace' } }, async (bench) => {
      await bench.pass(21);
      assert.deepEqual(bench.told(), ['run 00:00:10', 'run 00:00:20']);
      assert.deepEqual(bench.host.stops, ['a:1.0.0 for replacement']);
      assert.deepEqual(bench.host.running, ['a:1.0.0']);
    }));

  test('allow: beside each other, up to the limit', () =>
    on({ schedule: { ...every10, overlap: 'allow' } }, async (bench) => {
      await bench.pass(31);
      assert.deepEqual(bench.told(), ['run 00:00:10', 'run 00:00:20', 'skip limit 1']);
      assert.deepEqual(bench.host.running, ['a:1.0.0', 'a:1.0.0#2']);
    }));

  test('a run that takes too long is stopped, whenever its daemon began', () =>
    on({ schedule: { max_runtime: 300 } }, async (bench) => {
      bench.host.running.push('a:1.0.0');
      bench.scheduled.runStarted('a:1.0.0', 290_000);
      bench.clock.set('2027-05-01T00:20:00.000Z'); // the time of the wall is not what counts
      await bench.pass(9);
      assert.deepEqual(bench.host.stops, []);
      await bench.pass(2);
      assert.deepEqual(bench.host.stops, ['a:1.0.0 max_runtime 5 min']);
      assert.match(bench.log.join('\n'), /longer than its max_runtime of 5 min and is stopped TH4007/);
    }));

  test('a program that has ended is not stopped for its time, and the time of a restart counts anew', () =>
    on({ schedule: { cron: '0 0 * * *', max_runtime: 5 }, now: '2027-05-01T23:59:59.000Z' }, async (bench) => {
      await bench.pass(4);
      bench.host.crash();
      await bench.pass(10);
      assert.deepEqual(bench.host.stops, []);
      bench.scheduled.runStarted();
      await bench.pass(4);
      assert.deepEqual(bench.host.stops, []);
      await bench.pass(2);
      assert.deepEqual(bench.host.stops, ['a:1.0.0 max_runtime 5 s']);
    }));
});
