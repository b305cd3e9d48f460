import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Timetable } from '../../../../src/runtime/schedule/timetable.ts';
import { matcher, slowInstants } from './oracle.ts';

const HOUR = 3_600_000;

/** All instants after `from` and not after `to`; each is later than the one before, or this would never end. */
function instants(table: Timetable, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = table.next(from); at !== undefined && at <= to; at = table.next(at)) {
    assert.ok(at > (found.at(-1) ?? from), new Date(at).toISOString());
    found.push(at);
  }
  return found;
}

/** The first instants after a time, as RFC 3339. */
function first(count: number, cron: string, zone: string, after: string): string[] {
  const table = new Timetable(cron, zone);
  const found: string[] = [];
  let at = table.next(Date.parse(after));
  for (; at !== undefined && found.length < count; at = table.next(at)) found.push(new Date(at).toISOString());
  return found.map((text) => text.replace(':00.000Z', 'Z').replace('2027-', ''));
}

describe('a timetable', () => {
  const cases: [name: string, cron: string, zone: string, after: string, expected: string[]][] = [
    [
      'runs at a full minute, never at the instant it is asked from',
      '* * * * *',
      'UTC',
      '2027-05-01T10:00:00Z',
      ['05-01T10:01Z', '05-01T10:02Z'],
    ],
    [
      'goes on from between two seconds',
      '*/30 * * * * *',
      'UTC',
      '2027-05-01T10:00:29.999Z',
      ['05-01T10:00:30.000Z', '05-01T10:01Z'],
    ],
    ['combines day of month and day of week with AND', '0 0 13 * 5', 'UTC', '2027-01-01T00:00:00Z', ['08-13T00:00Z']],
    [
      'knows the last day of a month',
      '0 0 L 2 *',
      'UTC',
      '2027-01-01T00:00:00Z',
      ['02-28T00:00Z', '2028-02-29T00:00Z'],
    ],
    [
      'Berlin in autumn: every half hour runs in both hours from two to three',
      '*/30 * * * *',
      'Europe/Berlin',
      '2027-10-30T23:30:00Z',
      ['10-31T00:00Z', '10-31T00:30Z', '10-31T01:00Z', '10-31T01:30Z', '10-31T02:00Z'],
    ],
    [
      'Berlin in autumn: a fixed time runs once, at its first showing',
      '30 2 * * *',
      'Europe/Berlin',
      '2027-10-30T12:00:00Z',
      ['10-31T00:30Z', '11-01T01:30Z'],
    ],
    [
      'Berlin in autumn: every two hours is a fixed time',
      '0 */2 * * *',
      'Europe/Berlin',
      '2027-10-30T21:30:00Z',
      ['10-30T22:00Z', '10-31T00:00Z', '10-31T03:00Z'],
    ],
    [
      'Berlin in spring: a fixed time in the gap runs once, right after it',
      '30 2 * * *',
      'Europe/Berlin',
      '2027-03-27T12:00:00Z',
      ['03-28T01:00Z', '03-29T00:30Z'],
    ],
    [
      'Berlin in spring: several times in the gap are one run',
      '*/10 2-3 * * *',
      'Europe/Berlin',
      '2027-03-28T00:59:00Z',
      ['03-28T01:00Z', '03-28T01:10Z'],
    ],
    [
      'Berlin in spring: every half hour just goes on',
      '*/30 * * * *',
      'Europe/Berlin',
      '2027-03-28T00:00:00Z',
      ['03-28T00:30Z', '03-28T01:00Z', '03-28T01:30Z'],
    ],
    ['New York in autumn', '30 1 * * *', 'America/New_York', '2027-11-06T12:00:00Z', ['11-07T05:30Z', '11-08T06:30Z']],
    [
      'Lord Howe moves by half an hour',
      '15 * * * *',
      'Australia/Lord_Howe',
      '2027-04-03T13:30:00Z',
      ['04-03T14:15Z', '04-03T15:45Z'],
    ],
    [
      'Lord Howe in spring',
      '10 2 * * *',
      'Australia/Lord_Howe',
      '2027-10-02T00:00:00Z',
      ['10-02T15:30Z', '10-03T15:10Z'],
    ],
    ['Beirut jumps at midnight', '0 0 * * *', 'Asia/Beirut', '2027-03-27T00:00:00Z', ['03-27T22:00Z', '03-28T21:00Z']],
  ];
  for (const [name, cron, zone, after, expected] of cases)
    test(name, () => {
      assert.deepEqual(first(expected.length, cron, zone, after), expected);
    });

  test('is empty for a day that never comes', () => {
    assert.equal(new Timetable('0 0 1 * 1#2', 'UTC').next(Date.parse('2027-01-01')), undefined);
  });

  test('finds the 29th of February on a Monday without keeping anybody waiting', () => {
    const table = new Timetable('0 0 29 2 1', 'Europe/Berlin');
    const begun = performance.now();
    const found = table.next(Date.parse('2027-01-01'));
    assert.ok(performance.now() - begun < 50);
    assert.equal(new Date(found!).toISOString(), '2044-02-28T23:00:00.000Z');
  });

  test('refuses an expression and a zone that it does not know', () => {
    assert.throws(() => new Timetable('0 25 * * *', 'UTC'), /25/);
    assert.throws(() => new Timetable('0 0 * * *', 'Mars/Olympus'), RangeError);
  });
});

describe('a timetable against the wall, minute for minute', () => {
  /** Two days around each change of 2027, and one without. */
  const changes: [zone: string, around: string][] = [
    ['Europe/Berlin', '2027-03-28T01:00:00Z'],
    ['Europe/Berlin', '2027-10-31T01:00:00Z'],
    ['America/New_York', '2027-03-14T07:00:00Z'],
    ['America/New_York', '2027-11-07T06:00:00Z'],
    ['Australia/Lord_Howe', '2027-10-02T15:30:00Z'],
    ['Australia/Lord_Howe', '2027-04-03T15:00:00Z'],
    ['UTC', '2027-03-28T01:00:00Z'],
  ];
  const field = (max: number): fc.Arbitrary<string> =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: 0, max }).map(String),
      fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
      fc
        .tuple(fc.integer({ min: 0, max }), fc.integer({ min: 0, max }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.array(fc.integer({ min: 0, max }), { minLength: 2, maxLength: 4 }).map((list) => list.join(',')),
    );
  for (const [zone, around] of changes)
    test(`${zone}, ${around}`, () => {
      const [from, to] = [Date.parse(around) - 14 * HOUR, Date.parse(around) + 14 * HOUR];
      fc.assert(
        fc.property(field(59), field(23), fc.constantFrom('*', '1-5', '0'), (minute, hour, weekday) => {
          const cron = `${minute} ${hour} * * ${weekday}`;
          const table = new Timetable(cron, zone);
          const found = instants(table, from - 1, to);
          assert.deepEqual(found, slowInstants(cron, zone, table.everyHour, from, to), cron);
          assert.equal(table.last(from - 1, to), found.at(-1));
        }),
        { numRuns: 12 },
      );
    });

  test('days are those that node-cron allows', () => {
    const day = fc.oneof(
      fc.constantFrom('*', 'L', 'LW', '?'),
      fc.integer({ min: 1, max: 31 }).map(String),
      fc.integer({ min: 1, max: 31 }).map((n) => `${n}W`),
      fc.integer({ min: 1, max: 9 }).map((n) => `L-${n}`),
    );
    const weekday = fc.oneof(
      fc.constantFrom('*', '?', 'mon-fri'),
      fc.integer({ min: 0, max: 7 }).map((n) => `${n}L`),
      fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 5 })).map(([n, nth]) => `${n}#${nth}`),
    );
    const start = Date.parse('2027-01-01');
    fc.assert(
      fc.property(day, weekday, fc.constantFrom('*', '1-3', 'jan,6-9'), (days, weekdays, months) => {
        const cron = `0 12 ${days} ${months} ${weekdays}`;
        const [table, fits] = [new Timetable(cron, 'UTC'), matcher(cron, 'UTC')];
        for (let at = start; at < start + 400 * 24 * HOUR; at += 24 * HOUR) {
          const noon = at + 12 * HOUR;
          assert.equal(table.last(noon - 1, noon) === noon, fits(noon), `${cron} ${new Date(noon).toISOString()}`);
        }
      }),
      { numRuns: 30 },
    );
  });
});
