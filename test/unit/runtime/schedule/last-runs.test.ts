import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { judgedUntil } from '../../../../src/runtime/schedule/last-run.ts';
import { LastRuns } from '../../../../src/runtime/schedule/index.ts';

const BUILT = 1000;
const HOUR = 3_600_000;
const expression = '@daily UTC';
const MADE_UP = { expression, lasting: true };

describe('the last runs', () => {
  let folder: string;
  const told: string[] = [];
  const open = (path = join(folder, 'state/schedules')): LastRuns =>
    new LastRuns({
      folder: path,
      passing: join(folder, 'run'),
      builtAt: BUILT,
      onProblem: ({ code }) => told.push(code),
    });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'last-runs-'));
    told.length = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('are there again for the next daemon, with the latest time that was known', () => {
    const runs = open();
    runs.note('a:1.0.0', { due: 5000, now: 5020, ...MADE_UP });
    runs.note('b:1.0.0', { now: 9000, ...MADE_UP });
    runs.note('a:1.0.0', { due: 6000, now: 6020, ...MADE_UP }); // the clock was set back
    const next = open();
    assert.deepEqual(next.get('a:1.0.0'), { v: 1, due: 6000, began: 6020, clock: 9000, expression, number: 2 });
    assert.deepEqual(next.get('b:1.0.0'), { v: 1, began: 9000, clock: 9000, expression, number: 1 });
    assert.equal(next.clock, 9000);
    assert.deepEqual(told, []);
  });

  const notes: [why: string, due: number, now: number, kept: number][] = [
    ['later', 9 * HOUR, 9 * HOUR, 9 * HOUR],
    ['one that waited while a later one ran', 7 * HOUR, 9 * HOUR, 8 * HOUR],
    ['by a clock that was set back a little', 6 * HOUR, 6 * HOUR, 8 * HOUR],
    ['by a clock that was hours ahead before', 5 * HOUR, 5 * HOUR, 5 * HOUR],
    ['by a clock that is not set', 900, 900, 8 * HOUR],
  ];
  for (const [why, due, now, kept] of notes)
    test(`of two runs the later instant is kept: the second is ${why}`, () => {
      const runs = open();
      runs.note('a:1.0.0', { due: 8 * HOUR, now: 8 * HOUR, ...MADE_UP });
      runs.note('a:1.0.0', { due, now, ...MADE_UP });
      assert.deepEqual([open().get('a:1.0.0')?.due, open().get('a:1.0.0')?.began], [kept, now]);
    });

  test('know from when on another expression is in force, unless that was noted by a clock that was hours ahead', () => {
    const runs = open();
    runs.renew('a:1.0.0', { now: 2 * HOUR, ...MADE_UP });
    assert.equal(runs.get('a:1.0.0'), undefined);
    runs.note('a:1.0.0', { due: HOUR, now: HOUR, ...MADE_UP });
    runs.renew('a:1.0.0', { now: 9 * HOUR, ...MADE_UP, expression: '@hourly UTC' });
    const { due, since, expression: kept } = open().get('a:1.0.0') ?? {};
    assert.deepEqual([due, since, kept], [HOUR, 9 * HOUR, '@hourly UTC']);
    runs.note('a:1.0.0', { due: 7 * HOUR, now: 7 * HOUR, ...MADE_UP });
    assert.equal(open().get('a:1.0.0')?.since, 9 * HOUR);
    runs.note('a:1.0.0', { due: 6 * HOUR, now: 6 * HOUR, ...MADE_UP });
    assert.equal(open().get('a:1.0.0')?.since, undefined);
  });

  test('have the latest time that is known, unless a clock that is set says that it was wrong', () => {
    const runs = open();
    runs.note('a:1.0.0', { due: 5000, now: 5000, ...MADE_UP });
    runs.note('b:1.0.0', { due: 9000, now: 9000, ...MADE_UP });
    runs.believe(BUILT - 1);
    assert.equal(open().clock, 9000);
    runs.believe(6000);
    assert.equal(open().clock, 6000);
    assert.deepEqual([open().get('a:1.0.0')?.due, open().get('b:1.0.0')?.due], [5000, 9000]);
    runs.note('a:1.0.0', { due: 7000, now: 7000, ...MADE_UP });
    assert.equal(open().clock, 7000);
  });

  test('are forgotten with their container', () => {
    const runs = open();
    for (const id of ['a:1.0.0', 'b:1.0.0', 'c:1.0.0']) runs.note(id, { due: 1, now: 2, ...MADE_UP });
    runs.forget('a:1.0.0');
    runs.sweep(new Set(['b:1.0.0']));
    const next = open();
    assert.deepEqual(
      ['a:1.0.0', 'b:1.0.0', 'c:1.0.0'].map((id) => next.get(id)?.due),
      [undefined, 1, undefined],
    );
  });

  test('of another version are as if there were none, and a damaged file is set aside', () => {
    open().note('a:1.0.0', { due: 1, now: 2, ...MADE_UP });
    const file = join(folder, 'state/schedules/a@1.0.0.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"v":1', '"v":2'));
    assert.equal(open().get('a:1.0.0'), undefined);
    assert.deepEqual(told, []);
    writeFileSync(file, text.slice(0, 20));
    assert.equal(open().get('a:1.0.0'), undefined);
    assert.deepEqual(told, ['TH7008']);
  });

  for (const key of ['due', 'began', 'clock', 'since', 'until'])
    test(`with a time that no date can show in ${key} are as if there were none`, () => {
      open().note('a:1.0.0', { due: 1, now: 2, ...MADE_UP });
      const file = join(folder, 'state/schedules/a@1.0.0.json');
      const saved = JSON.parse(readFileSync(file, 'utf8')) as { state: object };
      const save = (time: number): void => {
        writeFileSync(file, JSON.stringify({ ...saved, state: { ...saved.state, [key]: time } }));
      };
      save(8.64e15);
      assert.doesNotThrow(() => new Date(open().get('a:1.0.0')?.began ?? NaN).toISOString());
      save(1e17);
      assert.equal(open().get('a:1.0.0'), undefined);
    });

  describe('of a schedule that makes up for nothing', () => {
    const note = (runs: LastRuns, now: number): void => {
      runs.note('a:1.0.0', { due: now, now, expression, lasting: false });
    };
    const flash = (): string => readFileSync(join(folder, 'state/schedules/a@1.0.0.json'), 'utf8');
    const losePower = (): void => {
      rmSync(join(folder, 'run'), { recursive: true });
    };
    const last = (): number => {
      const run = open().get('a:1.0.0');
      return run === undefined ? NaN : judgedUntil(run);
    };

    test('are written to flash at most every ten minutes, and a daemon that was killed is followed by one that knows all', () => {
      const runs = open();
      const written = new Set<string>();
      for (let now = HOUR; now < 2 * HOUR; now += 1000) {
        note(runs, now);
        written.add(flash());
      }
      assert.equal(written.size, 6);
      assert.equal(open().get('a:1.0.0')?.began, 2 * HOUR - 1000);
      assert.equal(last(), 2 * HOUR - 1000);
    });

    test('are as they were after a loss of power, and nothing counts as missed that may have been', () => {
      const runs = open();
      note(runs, HOUR);
      note(runs, HOUR + 60_000);
      losePower();
      assert.equal(open().get('a:1.0.0')?.began, HOUR);
      assert.equal(last(), HOUR + 600_000);
    });

    test('all last after an orderly end', () => {
      const runs = open();
      note(runs, HOUR);
      note(runs, HOUR + 60_000);
      runs.flush(HOUR + 60_000);
      assert.deepEqual(readdirSync(join(folder, 'run')), []);
      assert.equal(last(), HOUR + 60_000);
      const next = open();
      note(next, HOUR + 120_000);
      losePower();
      assert.equal(last(), HOUR + 720_000, 'the first one of a daemon is written');
    });

    test('are written at once as soon as runs are made up for', () => {
      const runs = open();
      note(runs, HOUR);
      runs.renew('a:1.0.0', { now: HOUR + 1, ...MADE_UP });
      assert.equal(last(), HOUR + 1);
      runs.note('a:1.0.0', { due: HOUR + 60_000, now: HOUR + 60_000, ...MADE_UP });
      assert.equal(last(), HOUR + 60_000);
      losePower();
      assert.equal(last(), HOUR + 60_000);
    });

    test('follow no clock that was hours ahead', () => {
      note(open(), 99 * HOUR);
      note(open(), HOUR);
      losePower();
      assert.equal(open().get('a:1.0.0')?.began, HOUR);
    });

    test('are forgotten in both places', () => {
      note(open(), HOUR);
      open().sweep(new Set());
      assert.equal(open().get('a:1.0.0'), undefined);
    });
  });

  test('a folder that cannot be made is told, and schedules run without it', () => {
    writeFileSync(join(folder, 'file'), '');
    const runs = open(join(folder, 'file/schedules'));
    runs.note('a:1.0.0', { due: 1, now: 2, ...MADE_UP });
    assert.equal(runs.get('a:1.0.0')?.due, 1);
    assert.ok(told.length > 0 && told.every((code) => code === 'TH4006'), told.join());
  });
});
