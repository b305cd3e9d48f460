import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { distrust } from '../../../../src/runtime/schedule/clock-gate.ts';
import { countMissed, judgeMissed } from '../../../../src/runtime/schedule/missed.ts';
import { nextRun } from '../../../../src/runtime/schedule/next-run.ts';
import { decideOverlap, type Overlap, type Present } from '../../../../src/runtime/schedule/overlap.ts';
import { Timetable } from '../../../../src/runtime/schedule/timetable.ts';

const at = (time: string): number => Date.parse(`2027-05-01T${time}Z`);
const shown = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString().slice(8, 19);

describe('decideOverlap', () => {
  const idle: Present = { busy: false, pending: false, queued: false };
  const busy = { ...idle, busy: true };
  const policies = ['forbid', 'allow', 'replace', 'queue'] as const;
  const rows: [present: Present, expected: readonly Overlap[]][] = [
    [idle, ['start', 'start', 'start', 'start']],
    [busy, ['skip', 'start_beside', 'replace', 'queue']],
    [{ ...busy, queued: true }, ['skip', 'start_beside', 'replace', 'skip']],
    [{ ...idle, pending: true }, ['skip', 'skip', 'skip', 'skip']],
    [{ ...busy, pending: true }, ['skip', 'skip', 'skip', 'skip']],
  ];
  for (const [present, expected] of rows)
    test(JSON.stringify(present), () => {
      assert.deepEqual(
        policies.map((policy) => decideOverlap(policy, present)),
        expected,
      );
    });
});

describe('nextRun after a clock was set back', () => {
  /** The last run was due at `due`, `elapsed` seconds ago; the clock says `now`. */
  const rows: [cron: string, due: string, elapsed: number, now: string, expected: string][] = [
    ['0 * * * *', '10:00:00', 1, '10:00:01', '01T11:00:00'],
    ['0 * * * *', '10:00:00', 1, '09:59:58', '01T11:00:00'],
    ['0 * * * *', '10:00:00', 10, '09:58:40', '01T11:00:00'],
    ['0 * * * *', '10:00:00', 10, '09:00:10', '01T10:00:00'],
    ['* * * * *', '10:00:00', 10, '09:00:10', '01T09:01:00'],
    ['*/5 * * * * *', '10:00:00', 1, '09:59:58', '01T10:00:05'],
    ['*/5 * * * * *', '10:00:00', 1, '09:59:31', '01T09:59:35'],
    ['0,1 * * * *', '10:00:00', 10, '09:58:40', '01T10:01:00'],
    ['0 3 * * *', '03:00:00', 1, '02:00:00', '02T03:00:00'],
    ['0 3 * * *', '03:00:00', 1, '00:00:00', '01T03:00:00'],
    ['30 3,4 * * *', '03:30:00', 1, '03:00:00', '01T04:30:00'],
  ];
  for (const [cron, due, elapsed, now, expected] of rows)
    test(`${cron}, ran ${due}, ${elapsed} s later it is ${now}`, () => {
      const past = { due: at(due), elapsed: elapsed * 1000 };
      assert.equal(shown(nextRun(new Timetable(cron, 'UTC'), at(now), past)), expected);
    });
});

describe('judgeMissed', () => {
  const hourly = new Timetable('0 * * * *', 'UTC');
  const judge = (from: string, now: string, window: number): unknown => judgeMissed(hourly, at(from), at(now), window);

  test('finds nothing where no time has passed', () => {
    assert.deepEqual(judge('10:00:00', '10:59:59', 1e9), {});
    assert.deepEqual(judge('10:00:00', '09:00:00', 1e9), {});
  });

  test('makes up for the last one, if that is not too long ago', () => {
    assert.deepEqual(judge('10:00:00', '11:00:10', 10_000), { catchUp: at('11:00:00') });
    const skipped = { from: at('10:00:00'), to: at('11:00:00') };
    assert.deepEqual(judge('10:00:00', '11:00:11', 10_000), { skipped });
    assert.deepEqual(judge('10:00:00', '12:00:01', 10_000), { catchUp: at('12:00:00'), skipped });
  });

  test('counts no further back than a week', async () => {
    const { skipped } = judgeMissed(hourly, 0, at('12:30:00'), 0);
    assert.equal(await countMissed(hourly, skipped!), 7 * 24);
  });

  test('counts in pieces, so that others get their turn', async () => {
    let turns = 0;
    const other = setInterval(() => turns++, 0);
    const seconds = new Timetable('* * * * * *', 'UTC');
    assert.equal(await countMissed(seconds, { from: 0, to: at('12:00:00') }), 10_080);
    clearInterval(other);
    assert.ok(turns > 1, `${turns} turns`);
  });
});

describe('the clock gate', () => {
  const known = Date.parse('2026-11-01');
  const rows: [
    mode: 'auto' | 'synchronized' | 'off',
    now: string,
    synchronized: boolean,
    expected: string | undefined,
  ][] = [
    ['auto', '1970-01-01', false, 'it says 1970-01-01'],
    ['auto', '2026-10-31', true, 'it says 2026-10-31'],
    ['auto', '2026-11-01', false, undefined],
    ['synchronized', '2027-01-01', false, 'it says 2027-01-01 and is not synchronized'],
    ['synchronized', '1970-01-01', true, undefined],
    ['off', '1970-01-01', false, undefined],
  ];
  for (const [mode, now, synchronized, expected] of rows)
    test(`${mode}, ${now}, ${synchronized ? '' : 'not '}synchronized`, () => {
      assert.equal(distrust(mode, { now: Date.parse(now), known, synchronized }), expected);
    });
});
