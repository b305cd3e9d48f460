import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { on, twice } from '../../../support/schedules.ts';

describe('a clock that is set', () => {
  test('ahead by a year: what was missed is told once, and the next run comes right afterwards', () =>
    on({ schedule: { cron: '* * * * *' } }, async (bench) => {
      await bench.pass(70);
      assert.deepEqual(bench.told(), ['run 00:01:00']);
      bench.host.end();
      bench.clock.set('2028-05-01T00:00:30.000Z');
      await bench.pass(40);
      assert.deepEqual(bench.told(), ['skip missed 10080', 'run 00:01:00']);
      assert.match(bench.log.join('\n'), /the clock was set ahead by 365 d 23 h/);
    }));

  test('ahead: catch_up makes one run of it', () =>
    on({ schedule: { cron: '*/10 * * * *', catch_up: 'once' } }, async (bench) => {
      bench.clock.set('2027-05-01T00:35:00.000Z');
      await bench.pass(1);
      assert.deepEqual(bench.told(), ['catch up 00:30:00', 'skip missed 2']);
    }));

  test('ahead, but longer ago than the window: nothing is made up for', () =>
    on({ schedule: { cron: '0 * * * *', catch_up: 'once', catch_up_window: 60 } }, async (bench) => {
      bench.clock.set('2027-05-01T01:05:00.000Z');
      await bench.pass(1);
      assert.deepEqual(bench.told(), ['skip missed 1']);
    }));

  test('back by some seconds: what has run does not run again', () =>
    on({ now: '2027-05-01T02:59:58.000Z', schedule: { cron: '0 * * * *' } }, async (bench) => {
      await bench.pass(3);
      bench.host.end();
      bench.clock.set('2027-05-01T02:59:50.000Z');
      await bench.pass(30);
      assert.deepEqual(bench.told(), ['run 03:00:00']);
      assert.equal(bench.next, '2027-05-01T04:00:00Z');
    }));

  test('back by an hour: a schedule of every minute goes on', () =>
    on({ now: '2027-05-01T02:59:58.000Z', schedule: { cron: '* * * * *' } }, async (bench) => {
      await bench.pass(3);
      bench.host.end();
      bench.clock.set('2027-05-01T02:00:01.000Z');
      await bench.pass(61);
      assert.deepEqual(bench.told(), ['run 03:00:00', 'run 02:01:00']);
    }));

  test('back by an hour: a fixed time does not come again', () =>
    on({ now: '2027-05-01T02:59:58.000Z' }, async (bench) => {
      await bench.pass(3);
      bench.clock.set('2027-05-01T02:00:01.000Z');
      await bench.pass(2);
      assert.equal(bench.next, '2027-05-02T03:00:00Z');
    }));

  test('back by a year: the clock was wrong, and schedules begin anew', () =>
    on({ now: '2027-05-01T02:59:58.000Z' }, async (bench) => {
      await bench.pass(3);
      bench.clock.set('2026-12-01T02:00:01.000Z');
      await bench.pass(2);
      assert.equal(bench.next, '2026-12-01T03:00:00Z');
    }));

  test('back by a day and ahead again: nothing is missed that has run before', () =>
    on({ now: '2027-05-01T02:59:58.000Z', schedule: { catch_up: 'once', catch_up_window: 86_400 } }, async (bench) => {
      await bench.pass(3);
      bench.host.end();
      bench.clock.set('2027-04-30T10:00:00.000Z');
      await bench.pass(2);
      assert.equal(bench.next, '2027-05-01T03:00:00Z');
      bench.clock.set('2027-05-01T10:00:00.000Z');
      await bench.pass(2);
      assert.deepEqual(bench.told(), ['run 03:00:00']);
      assert.equal(bench.next, '2027-05-02T03:00:00Z');
    }));

  test('back by an hour and most of it ahead again: nothing is missed that has run before', () =>
    on({ now: '2027-05-01T09:59:58.000Z', schedule: { cron: '* * * * *', catch_up: 'once' } }, async (bench) => {
      await bench.pass(3);
      bench.host.end();
      bench.clock.set('2027-05-01T09:00:01.000Z');
      await bench.pass(2);
      bench.clock.set('2027-05-01T09:58:01.000Z');
      await bench.pass(2);
      assert.deepEqual(bench.told(), ['run 10:00:00']);
      assert.equal(bench.next, '2027-05-01T09:59:00Z');
    }));

  test('ahead by years and back again: what the true time brings is not taken for past', () =>
    on({ now: '2027-05-01T02:59:58.000Z', schedule: { catch_up: 'once', catch_up_window: 3600 } }, async (bench) => {
      bench.clock.set('2038-01-19T02:59:58.000Z');
      await bench.pass(3);
      bench.host.end();
      bench.clock.set('2027-05-01T03:10:00.000Z');
      await bench.pass(2);
      assert.deepEqual(bench.told(), ['skip missed 7', 'run 03:00:00']);
      bench.clock.set('2027-05-02T03:10:00.000Z');
      await bench.pass(2);
      assert.deepEqual(bench.told(), ['catch up 03:00:00']);
    }));

  test('is seen before an alarm is believed that rings first', () =>
    on({ now: '2027-05-01T00:00:59.500Z', schedule: { cron: '* * * * *' } }, async (bench) => {
      bench.clock.set('2028-05-01T00:00:00.000Z'); // the alarm is due in half a second, the next look in a whole one
      await bench.clock.advance(500);
      await setTimeout(100); // they are counted in the background
      assert.deepEqual(bench.told(), ['skip missed 10080']);
      assert.equal(bench.next, '2028-05-01T00:01:00Z');
    }));

  test('gently: an alarm moves with it', () =>
    on({ now: '2027-05-01T02:59:00.000Z' }, async (bench) => {
      for (let i = 0; i < 20; i++) {
        bench.clock.set(bench.clock.now() + 1000); // each second takes two
        await bench.clock.advance(1000);
      }
      await bench.pass(19);
      assert.deepEqual(bench.told(), []);
      await bench.pass(1);
      assert.deepEqual(bench.told(), ['run 03:00:00']);
      assert.ok(!bench.log.join('\n').includes('the clock was set'));
    }));
});

describe('the clock gate', () => {
  const early = '1970-01-01T00:00:10.000Z';
  test('auto: schedules wait for a clock that is later than the build', () =>
    on({ now: early, schedule: { cron: '* * * * *' } }, async (bench) => {
      await bench.pass(120);
      assert.deepEqual([bench.told(), bench.next], [[], undefined]);
      const { type, message, since, code } = bench.scheduled.waiting!;
      assert.deepEqual([type, message, since, code], ['waiting', 'for the clock: it says 1970-01-01', early, 'TH4003']);
      bench.clock.set('2027-05-01T00:00:30.000Z');
      await bench.pass(31);
      assert.deepEqual([bench.told(), bench.scheduled.waiting], [['run 00:01:00'], undefined]);
    }));

  test('after the time-out they run all the same, and it is logged', () =>
    on({ now: early, schedule: { cron: '* * * * *' } }, async (bench) => {
      await bench.pass(299);
      assert.equal(bench.next, undefined);
      await bench.pass(60);
      assert.deepEqual(bench.told(), ['run 00:06:00']);
      assert.deepEqual(bench.log, [
        'warn the clock cannot be believed, it says 1970-01-01; schedules wait TH4003',
        'warn after 5 min the clock still cannot be believed, it says 1970-01-01; schedules run all the same TH4003',
      ]);
    }));

  test('synchronized: until the clock follows a server', async () => {
    let synchronized = false;
    const gate = { mode: 'synchronized' as const, isSynchronized: () => synchronized };
    await on({ gate, schedule: { cron: '* * * * *' } }, async (bench) => {
      await bench.pass(70);
      assert.match(bench.scheduled.waiting?.message ?? '', /it says 2027-05-01 and is not synchronized/);
      synchronized = true;
      await bench.pass(60);
      assert.deepEqual(bench.told(), ['run 00:02:00']);
    });
  });

  test('off: the clock is believed', () =>
    on({ now: early, gate: { mode: 'off' } }, (bench) => {
      assert.equal(bench.next, '1970-01-01T03:00:00Z');
    }));

  test('auto: nor may the clock be earlier than a time that was noted', () =>
    twice(
      { now: '2027-05-01T02:59:58.000Z' },
      (bench) => bench.pass(3),
      { now: '2027-04-01T00:00:00.000Z' },
      (bench) => {
        assert.match(bench.scheduled.waiting?.message ?? '', /it says 2027-04-01/);
      },
    ));
});
