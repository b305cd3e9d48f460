import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LastRuns } from '../../../../src/runtime/schedule/index.ts';

const BUILT = 1000;
const HOUR = 3_600_000;
const expression = '@daily UTC';

describe('the last runs', () => {
  let folder: string;
  const told: string[] = [];
  const open = (path = join(folder, 'state/schedules')): LastRuns =>
    new LastRuns({ folder: path, builtAt: BUILT, onProblem: ({ code }) => told.push(code) });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'last-runs-'));
    told.length = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('are there again for the next daemon, with the latest time that was known', () => {
    const runs = open();
    runs.note('a:1.0.0', { due: 5000, now: 5020, expression });
    runs.note('b:1.0.0', { now: 9000, expression });
    runs.note('a:1.0.0', { due: 6000, now: 6020, expression }); // the clock was set back
    const next = open();
    assert.deepEqual(next.get('a:1.0.0'), { v: 1, due: 6000, began: 6020, clock: 9000, expression });
    assert.deepEqual(next.get('b:1.0.0'), { v: 1, began: 9000, clock: 9000, expression });
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
      runs.note('a:1.0.0', { due: 8 * HOUR, now: 8 * HOUR, expression });
      runs.note('a:1.0.0', { due, now, expression });
      assert.deepEqual([open().get('a:1.0.0')?.due, open().get('a:1.0.0')?.began], [kept, now]);
    });

  test('know from when on another expression is in force, unless that was noted by a clock that was hours ahead', () => {
    const runs = open();
    runs.renew('a:1.0.0', { now: 2 * HOUR, expression });
    assert.equal(runs.get('a:1.0.0'), undefined);
    runs.note('a:1.0.0', { due: HOUR, now: HOUR, expression });
    runs.renew('a:1.0.0', { now: 9 * HOUR, expression: '@hourly UTC' });
    const { due, since, expression: kept } = open().get('a:1.0.0') ?? {};
    assert.deepEqual([due, since, kept], [HOUR, 9 * HOUR, '@hourly UTC']);
    runs.note('a:1.0.0', { due: 7 * HOUR, now: 7 * HOUR, expression });
    assert.equal(open().get('a:1.0.0')?.since, 9 * HOUR);
    runs.note('a:1.0.0', { due: 6 * HOUR, now: 6 * HOUR, expression });
    assert.equal(open().get('a:1.0.0')?.since, undefined);
  });

  test('have the latest time that is known, unless a clock that is set says that it was wrong', () => {
    const runs = open();
    runs.note('a:1.0.0', { due: 5000, now: 5000, expression });
    runs.note('b:1.0.0', { due: 9000, now: 9000, expression });
    runs.believe(BUILT - 1);
    assert.equal(open().clock, 9000);
    runs.believe(6000);
    assert.equal(open().clock, 6000);
    assert.deepEqual([open().get('a:1.0.0')?.due, open().get('b:1.0.0')?.due], [5000, 9000]);
    runs.note('a:1.0.0', { due: 7000, now: 7000, expression });
    assert.equal(open().clock, 7000);
  });

  test('are forgotten with their container', () => {
    const runs = open();
    for (const id of ['a:1.0.0', 'b:1.0.0', 'c:1.0.0']) runs.note(id, { due: 1, now: 2, expression });
    runs.forget('a:1.0.0');
    runs.sweep(new Set(['b:1.0.0']));
    const next = open();
    assert.deepEqual(
      ['a:1.0.0', 'b:1.0.0', 'c:1.0.0'].map((id) => next.get(id)?.due),
      [undefined, 1, undefined],
    );
  });

  test('of another version are as if there were none, and a damaged file is set aside', () => {
    open().note('a:1.0.0', { due: 1, now: 2, expression });
    const file = join(folder, 'state/schedules/a@1.0.0.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"v":1', '"v":2'));
    assert.equal(open().get('a:1.0.0'), undefined);
    assert.deepEqual(told, []);
    writeFileSync(file, text.slice(0, 20));
    assert.equal(open().get('a:1.0.0'), undefined);
    assert.deepEqual(told, ['TH7008']);
  });

  for (const key of ['due', 'began', 'clock', 'since'])
    test(`with a time that no date can show in ${key} are as if there were none`, () => {
      open().note('a:1.0.0', { due: 1, now: 2, expression });
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

  test('a folder that cannot be made is told, and schedules run without it', () => {
    writeFileSync(join(folder, 'file'), '');
    const runs = open(join(folder, 'file/schedules'));
    runs.note('a:1.0.0', { due: 1, now: 2, expression });
    assert.equal(runs.get('a:1.0.0')?.due, 1);
    assert.ok(told.length > 0 && told.every((code) => code === 'TH4006'), told.join());
  });
});
