import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadManifest, scheduleDefaults } from '../../../src/manifest/index.ts';
import { Timetable } from '../../../src/runtime/schedule/timetable.ts';
import { accept, brief, HEAD, refuse } from './support.ts';

const WEEK_MS = 7 * 86_400_000;
const quoted = (text: string): string => `schedule: '${text}'\n`;

describe('a schedule', () => {
  it('is a cron text, with defaults for the rest', () => {
    assert.deepEqual(accept(quoted('*/15 * * * *')).schedule, { ...scheduleDefaults, cron: '*/15 * * * *' });
    assert.deepEqual(accept(quoted('  0   3 * *  1 ')).schedule?.cron, '0 3 * * 1');
    assert.deepEqual(accept(quoted('@Daily')).schedule?.cron, '@daily');
  });

  it('says all of it in the long form', () => {
    const text =
      'schedule:\n  cron: 0 3 * * *\n  time_zone: Europe/Berlin\n  overlap: queue\n  catch_up: once\n' +
      '  catch_up_window: 2 d\n  jitter: 90\n  max_runtime: 10 min\n';
    assert.deepEqual(accept(text).schedule, {
      cron: '0 3 * * *',
      time_zone: 'Europe/Berlin',
      overlap: 'queue',
      catch_up: 'once',
      catch_up_window: 172_800,
      jitter: 90,
      max_runtime: 600,
    });
    assert.equal(accept("schedule: {cron: '@daily', max_runtime: unlimited}\n").schedule?.max_runtime, 'unlimited');
  });

  it('counts in the time zone of the board where it names none', () => {
    const zoneOf = (text: string): string | undefined => {
      const result = loadManifest(HEAD + text, 'f.yaml', { timeZone: 'Asia/Tokyo' });
      return result.ok ? result.manifest.manifest.schedule?.time_zone : undefined;
    };
    assert.equal(zoneOf(quoted('@daily')), 'Asia/Tokyo');
    assert.equal(zoneOf("schedule: {cron: '@daily', time_zone: UTC}\n"), 'UTC');
  });

  for (const text of [
    ...['@hourly', '@midnight', '@weekly', '@monthly', '@yearly', '@annually', '* * * * * *', '0 0 29 2 *'],
    ...['0 0 L * *', '0 0 L-2 * *', '0 0 LW * *', '0 0 15W * *', '0 0 ? * 2#3', '0 0 * * 5L', '0 0 * * friL'],
    ...['0 0 1 jan,JULY mon-Fri', '0 22-4 * * 7', '0 0 29W 2 *', '0 0 29 2 1', '*/60 0 1-31/3 * *'],
  ])
    it(`may be \`${text}\``, () => {
      assert.equal(accept(quoted(text)).schedule?.cron, text);
    });

  const faults: [text: string, message: RegExp, hint: RegExp][] = [
    ['', /``.*it has 0 fields/, /\*\/15/],
    ['* * * *', /it has 4 fields, a schedule has 5, or 6 with seconds/, /\*\/15/],
    ['* * * * * * *', /it has 7 fields/, /\*\/15/],
    ['61 * * * *', /`61 \* \* \* \*`.*field 1, `61`, is not a minute/, /0 to 59/],
    ['61 * * * * *', /field 1, `61`, is not a second/, /0 to 59/],
    ['0 24 * * *', /field 2, `24`, is not an hour/, /0 to 23/],
    ['0 0 0 * *', /field 3, `0`, is not a day of month/, /1 to 31/],
    ['0 0 1 13 *', /field 4, `13`, is not a month/, /jan to dec/],
    ['0 0 1 foo *', /field 4, `foo`/, /jan to dec/],
    ['0 0 1 jan1 *', /field 4, `jan1`/, /jan to dec/],
    ['0 0 1 janjan *', /field 4, `janjan`/, /jan to dec/],
    ['0 0 * * 8', /field 5, `8`, is not a day of week/, /0 to 7/],
    ['0 0 * * 1#6', /field 5, `1#6`/, /2#3/],
    ['1,,2 * * * *', /field 1, `1,,2`/, /0 to 59/],
    ['*/0 * * * *', /field 1, `\*\/0`/, /steps/],
    ['1.5 * * * *', /field 1, `1.5`/, /0 to 59/],
    ['0-99999999999 * * * *', /field 1/, /0 to 59/],
    ['0 3 31 2 *', /month `2` has no day `31`/, /exists/],
    ['0 0 30 2 *', /month `2` has no day `30`/, /exists/],
    ['0 0 31 4,6 *', /months `4,6` have no day `31`/, /exists/],
    ['0 0 31W 2 *', /month `2` has no day `31W`/, /exists/],
    ['0 0 L-30 2 *', /month `2` has no day `L-30`/, /exists/],
    ['0 0 29 2 1#1', /no day is day `29` of month `2` and also day of week `1#1`/, /exists/],
    ['0 0 15W * 6', /no day is day `15W` of a month and also day of week `6`/, /exists/],
    ['*/99 * * * *', /field 1, `\*\/99`, has a step of 99, and a minute has only 60 values/, /at most 60/],
    ['*/99 * * * * *', /field 1, .*a second has only 60/, /at most 60/],
    ['0 1,*/25 * * *', /field 2, `1,\*\/25`, has a step of 25, and an hour has only 24 values/, /at most 24/],
    ['0 0 * * 1-5/8', /field 5, .*a day of week has only 7/, /at most 7/],
    ['@reboot', /no such word/, /autostart: relaxed/],
    ['@dayly', /no such word/, /did you mean `@daily`/],
    ['@every 5m', /no such word/, /one of @hourly/],
    ['1,'.repeat(200) + '1 * * * *', /it is 409 characters long/, /\*\/15/],
  ];
  for (const [text, message, hint] of faults)
    it(`cannot be \`${text.slice(0, 30)}\``, () => {
      const short = refuse(quoted(text));
      assert.deepEqual(brief(short), ['TH1207 6:11 schedule']);
      assert.match(short[0]?.message ?? '', message);
      assert.match(short[0]?.hint ?? '', hint);
      assert.deepEqual(brief(refuse(`schedule: {cron: '${text}'}\n`)), ['TH1207 6:18 schedule.cron']);
    });

  const others: [what: string, text: string, expected: string][] = [
    ['a number', 'schedule: 5\n', 'TH1207 6:11 schedule'],
    ['a list', 'schedule: []\n', 'TH1101 6:11 schedule'],
    ['no cron text', 'schedule: {jitter: 1 s}\n', 'TH1104 6:1 schedule.cron'],
    ['an unknown key', "schedule: {cron: '@daily', tz: UTC}\n", 'TH1102 6:28 schedule.tz'],
    ['an unknown overlap', "schedule: {cron: '@daily', overlap: skip}\n", 'TH1201 6:37 schedule.overlap'],
    ['an unknown way to catch up', "schedule: {cron: '@daily', catch_up: all}\n", 'TH1201 6:38 schedule.catch_up'],
    [
      'a window over a week',
      "schedule: {cron: '@daily', catch_up_window: 8 d}\n",
      'TH1205 6:45 schedule.catch_up_window',
    ],
    ['a jitter over a day', "schedule: {cron: '@daily', jitter: 25 h}\n", 'TH1205 6:36 schedule.jitter'],
    ['a run of less than a second', "schedule: {cron: '@daily', max_runtime: 0}\n", 'TH1205 6:41 schedule.max_runtime'],
    ['a jitter that is no time', "schedule: {cron: '@daily', jitter: some}\n", 'TH1203 6:36 schedule.jitter'],
    ['an unknown zone', "schedule: {cron: '@daily', time_zone: Mars/Base}\n", 'TH1208 6:39 schedule.time_zone'],
    ['an offset for a zone', "schedule: {cron: '@daily', time_zone: '+01:00'}\n", 'TH1208 6:39 schedule.time_zone'],
    ['an empty zone', "schedule: {cron: '@daily', time_zone: ''}\n", 'TH1208 6:39 schedule.time_zone'],
    ['restart: always', "restart: always\nschedule: '@daily'\n", 'TH1306 6:10 restart'],
    ['a policy always', "restart: {policy: always}\nschedule: '@daily'\n", 'TH1306 6:19 restart.policy'],
    ['autostart', "autostart: relaxed\nschedule: {cron: '@daily'}\n", 'TH1306 6:1 autostart'],
  ];
  for (const [what, text, expected] of others)
    it(`with ${what} is refused with ${expected.slice(0, 6)} at its place`, () => {
      assert.deepEqual(brief(refuse(text)), [expected]);
    });

  it('may be repeated when a run failed', () => {
    assert.equal(accept("restart: on_failure\nschedule: '@daily'\n").restart?.policy, 'on_failure');
  });

  const meant: [string, string][] = [
    ['Europe/Berln', 'Europe/Berlin'],
    ['Berlin', 'Europe/Berlin'],
    ['new york', 'America/New_York'],
    ['UTCC', 'UTC'],
  ];
  for (const [zone, expected] of meant)
    it(`asks whether the zone \`${zone}\` is ${expected}`, () => {
      const [found] = refuse(`schedule: {cron: '@daily', time_zone: ${zone}}\n`);
      assert.equal(found?.hint, `did you mean \`${expected}\`?`);
    });

  const warnings: [cron: string, zone: string, warned: boolean][] = [
    ['*/30 * * * *', 'Europe/Berlin', false], // goes by elapsed time
    ['@hourly', 'Australia/Sydney', false],
    ['*/30 2 * * *', 'Europe/Berlin', true],
    ['0 2,3 * * *', 'Europe/Berlin', true],
    ['*/10 * 2 * * *', 'Australia/Sydney', true],
    ['30 2,3 * * *', 'Europe/Berlin', false],
    ['30 2 * * *', 'Europe/Berlin', false],
    ['*/30 8-17 * * *', 'Europe/Berlin', false],
    ['*/30 2 * * 1-6', 'Europe/Berlin', false], // they change on a Sunday
    ['*/30 2 * * 5L,0', 'Europe/Berlin', true],
    ['0 3,15 * * *', 'America/New_York', false],
    ['0,15,30 2 * * *', 'Australia/Lord_Howe', true], // by half an hour
    ['0,45 2 * * *', 'Australia/Lord_Howe', false],
    ['*/30 0 * * *', 'Asia/Beirut', true], // at midnight
    ['*/30 2 * * *', 'UTC', false],
    ['*/30 2 * * *', 'Asia/Tokyo', false],
  ];
  for (const [cron, zone, warned] of warnings)
    it(`\`${cron}\` in ${zone} is ${warned ? '' : 'not '}warned of`, () => {
      const written = loadManifest(`${HEAD}schedule: {cron: '${cron}', time_zone: ${zone}}\n`, 'f.yaml');
      const ofBoard = loadManifest(HEAD + quoted(cron), 'f.yaml', { timeZone: zone });
      assert.ok(written.ok && ofBoard.ok);
      assert.equal(brief(written.diagnostics).join(), warned ? `TH1313 6:${33 + cron.length} schedule.time_zone` : '');
      assert.equal(brief(ofBoard.diagnostics).join(), warned ? 'TH1313 6:11 schedule' : '');
      // It says of the runs what they do.
      const { message = '' } = written.diagnostics[0] ?? {};
      if (warned)
        assert.match(message, /^the clocks of `[^`]+` go from \d\d:\d\d to \d\d:\d\d once a year, and what is due/);
      const timetable = new Timetable(cron, zone);
      const runs = (from: number): number => {
        let count = 0;
        for (let at = timetable.next(from); at !== undefined && at <= from + WEEK_MS; at = timetable.next(at)) count++;
        return count;
      };
      const weeks = Array.from({ length: 52 }, (_, week) => runs(Date.UTC(2027, 0, 1, 5) + week * WEEK_MS));
      const usual = weeks[0] ?? 0;
      const isMonthly = cron.includes('L');
      if (!timetable.everyHour && !isMonthly) assert.equal(Math.min(...weeks) < usual, warned);
    });
});

describe('reading schedules', () => {
  it('never throws, always ends, and what it accepts reads back equal', () => {
    const part = fc.oneof(
      fc.constantFrom('*', '?', 'L', 'LW', 'W', 'mon', 'jan', '#', '-', '/', ',', 'friL', '2#5', '31W', 'L-30'),
      fc.nat({ max: 120 }).map(String),
    );
    const field = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const sound = fc.constantFrom('*', '0', '1', '*/5', '1-3', 'L', '29', '31W', '1#1', 'mon');
    const text = fc.array(fc.oneof(sound, field), { minLength: 4, maxLength: 7 }).map((fields) => fields.join(' '));
    fc.assert(
      fc.property(text, (cron) => {
        const start = performance.now();
        const result = loadManifest(HEAD + quoted(cron), 'f.yaml');
        assert.ok(performance.now() - start < 2000, cron);
        assert.ok(
          result.diagnostics.every(({ code }) => code === 'TH1207'),
          cron,
        );
        if (!result.ok) return;
        const again = loadManifest(JSON.stringify(result.manifest.manifest), 'f.yaml');
        assert.deepEqual(again.ok && again.manifest.manifest, result.manifest.manifest);
      }),
      { numRuns: 500 },
    );
  });
});
