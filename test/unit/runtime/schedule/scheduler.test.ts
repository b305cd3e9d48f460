import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ScheduleBench, scheduleDefaults, type BenchOptions } from '../../../support/schedules.ts';

/** Runs a test with a bench and ends it, whatever happened. */
async function on(options: BenchOptions, body: (bench: ScheduleBench) => Promise<void> | void): Promise<void> {
  const bench = new ScheduleBench(options);
  try {
    await setTimeout(1); // nothing begins before `add` has returned
    await body(bench);
  } finally {
    bench.end();
  }
}

/** A daemon that ends, and the next one at another time. */
async function twice(
  first: BenchOptions,
  body: (bench: ScheduleBench) => Promise<void>,
  second: BenchOptions,
  then: (bench: ScheduleBench) => Promise<void> | void,
): Promise<void> {
  const before = new ScheduleBench(first);
  await body(before);
  before.end({ keep: true });
  await on({ ...second, folder: before.folder }, then);
}

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
      assert.deepEqual(readdirSync(bench.folder), ['a@1.0.0.json']);
      bench.scheduler.remove('a:1.0.0', { forget: true });
      await bench.pass(10);
      assert.deepEqual(bench.told(), ['run 03:00:00']);
      assert.deepEqual(readdirSync(bench.folder), []);
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
