import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScheduleBench, scheduleDefaults, twice } from '../../../support/schedules.ts';

describe('a time that was noted by a clock that was wrong', () => {
  const wrong = { now: '2038-01-19T02:59:58.000Z' };
  const now = '2027-05-01T02:00:00.000Z';
  const later = '2027-05-01T02:10:00.000Z';
  const waits = (bench: ScheduleBench): boolean => bench.scheduled.waiting !== undefined;

  test('is waited for once, and forgotten when the gate gives up', async () => {
    const first = new ScheduleBench(wrong);
    await first.pass(3);
    first.end({ keep: true });
    await twice(
      { now, folder: first.folder },
      async (bench) => {
        await bench.pass(299);
        assert.equal(waits(bench), true);
        await bench.pass(2);
        assert.equal(waits(bench), false);
      },
      { now: later },
      (bench) => {
        assert.equal(waits(bench), false);
      },
    );
  });

  test('is forgotten when the clock follows a server', async () => {
    const first = new ScheduleBench(wrong);
    await first.pass(3);
    first.end({ keep: true });
    await twice(
      { now, folder: first.folder, gate: { mode: 'synchronized', isSynchronized: () => true } },
      (bench) => bench.pass(1),
      { now: later },
      (bench) => {
        assert.equal(waits(bench), false);
      },
    );
  });

  test('is forgotten when the clock is set back by hours', () =>
    twice(
      wrong,
      async (bench) => {
        await bench.pass(3);
        bench.clock.set(now);
        await bench.pass(2);
      },
      { now: later },
      (bench) => {
        assert.equal(waits(bench), false);
      },
    ));

  test('is believed as long as the clock says less than the build', async () => {
    const first = new ScheduleBench({ now: '2027-05-01T02:59:58.000Z' });
    await first.pass(3);
    first.end({ keep: true });
    await twice(
      { now: '1970-01-01T00:00:00.000Z', folder: first.folder },
      (bench) => bench.pass(310),
      { now: '2027-04-01T00:00:00.000Z' },
      (bench) => {
        assert.equal(waits(bench), true);
      },
    );
  });
});

describe('a next daemon', () => {
  const run = (bench: ScheduleBench): Promise<void> => bench.pass(3);
  const first = { now: '2027-05-01T02:59:58.000Z' };
  test('makes up for what was missed meanwhile, once', () =>
    twice(first, run, { now: '2027-05-03T03:30:00.000Z', schedule: { catch_up: 'once' } }, (bench) => {
      assert.deepEqual(bench.told(), ['catch up 03:00:00', 'skip missed 1']);
      assert.equal(bench.next, '2027-05-04T03:00:00Z');
    }));

  test('that begins in 1970 does not repeat what ran before, nor count it as missed, when the time arrives', () =>
    twice(
      first,
      run,
      { now: '1970-01-01T02:50:00.000Z', schedule: { catch_up: 'once', catch_up_window: 86_400 } },
      async (bench) => {
        await bench.pass(620); // the gate has given up, and a run is made in 1970
        bench.host.end();
        bench.clock.set('2027-05-01T10:00:00.000Z');
        await bench.pass(2);
        assert.deepEqual(bench.told(), ['run 03:00:00']);
        assert.equal(bench.next, '2027-05-02T03:00:00Z');
      },
    ));

  test('after one that ran in 1970 makes up for what was missed since the last true run', async () => {
    const before = new ScheduleBench(first);
    await before.pass(3);
    before.end({ keep: true });
    const schedule = { catch_up: 'once', catch_up_window: 86_400 } as const;
    await twice(
      { now: '1970-01-01T02:50:00.000Z', schedule, folder: before.folder },
      async (bench) => {
        await bench.pass(620);
        assert.deepEqual(bench.told(), ['run 03:00:00']);
      },
      { now: '2027-05-03T10:00:00.000Z', schedule },
      (bench) => {
        assert.deepEqual(bench.told(), ['catch up 03:00:00', 'skip missed 1']);
      },
    );
  });

  test('only counts it without catch_up', () =>
    twice(first, run, { now: '2027-05-03T03:30:00.000Z' }, (bench) => {
      assert.deepEqual(bench.told(), ['skip missed 2']);
      assert.equal(bench.scheduled.lastRun?.toISOString(), '2027-05-01T03:00:00.000Z');
    }));

  test('makes up for nothing when nothing was missed', () =>
    twice(first, run, { now: '2027-05-02T02:00:00.000Z', schedule: { catch_up: 'once' } }, (bench) => {
      assert.deepEqual(bench.told(), []);
    }));

  test('does not repeat a run when the clock went back between them', () =>
    twice(first, run, { now: '2027-05-01T02:59:00.000Z', gate: { mode: 'off' } }, (bench) => {
      assert.equal(bench.next, '2027-05-02T03:00:00Z');
    }));

  const once = { catch_up: 'once', catch_up_window: 86_400 } as const;
  test('makes up for what was missed since catch_up was written', () =>
    twice(
      { now: '2027-05-01T02:00:00.000Z' },
      async (bench) => {
        await bench.pass(1);
        bench.scheduled.changed({ ...scheduleDefaults, ...once });
      },
      { now: '2027-05-01T03:10:00.000Z', schedule: once },
      (bench) => {
        assert.deepEqual(bench.told(), ['catch up 03:00:00']);
      },
    ));

  test('makes up for nothing that was missed while there was no catch_up', () =>
    twice(
      first,
      async (bench) => {
        await bench.pass(3);
        bench.clock.set('2027-05-02T03:10:00.000Z');
        await bench.pass(2);
        assert.deepEqual(bench.told(), ['run 03:00:00', 'skip missed 1']);
        bench.scheduled.changed({ ...scheduleDefaults, ...once });
      },
      { now: '2027-05-02T03:20:00.000Z', schedule: once },
      (bench) => {
        assert.deepEqual(bench.told(), []);
      },
    ));

  const moved: [when: string, cron: string, told: string[]][] = [
    ['before it was written', '0 10 * * *', []],
    ['after it was written', '45 12 * * *', ['catch up 12:45:00']],
  ];
  for (const [when, cron, told] of moved)
    test(`judges another expression, whose time was ${when}, by what it said since`, () =>
      twice(
        { ...first, schedule: once },
        async (bench) => {
          await bench.pass(3);
          bench.clock.set('2027-05-01T12:00:00.000Z');
          await bench.pass(2);
          bench.scheduled.changed({ ...scheduleDefaults, ...once, cron });
        },
        { now: '2027-05-01T13:00:00.000Z', schedule: { ...once, cron } },
        (bench) => {
          assert.deepEqual(bench.told(), told);
        },
      ));

  test('makes up for nothing of an expression that was written while no daemon ran', () =>
    twice(
      { ...first, schedule: once },
      run,
      { now: '2027-05-01T13:00:00.000Z', schedule: { ...once, cron: '0 10 * * *' } },
      (bench) => {
        assert.deepEqual(bench.told(), []);
      },
    ));

  test('makes up for nothing of an expression that was written while the clock was waited for', () =>
    twice({ ...first, schedule: once }, run, { now: '1970-01-01T00:00:00.000Z', schedule: once }, async (bench) => {
      await bench.pass(1);
      bench.scheduled.changed({ ...scheduleDefaults, ...once, cron: '0 10 * * *' });
      bench.clock.set('2027-05-01T13:00:00.000Z');
      await bench.pass(2);
      assert.deepEqual(bench.told(), []);
      assert.equal(bench.next, '2027-05-02T10:00:00Z');
    }));

  test('knows what was missed before the first run, and nothing before it was first seen', () =>
    twice(
      { now: '2027-05-01T02:00:00.000Z', schedule: { catch_up: 'once' } },
      async (bench) => {
        await bench.pass(1);
        assert.deepEqual(bench.told(), []);
      },
      { now: '2027-05-01T03:10:00.000Z', schedule: { catch_up: 'once' } },
      (bench) => {
        assert.deepEqual(bench.told(), ['catch up 03:00:00']);
      },
    ));
});
