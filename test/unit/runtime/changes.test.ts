import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changesOf, keptBy } from '../../../src/runtime/changes.ts';
import { reconcile, type Actual, type Desired, type Step } from '../../../src/runtime/reconcile/index.ts';
import { actual, auto, desired, loaded } from './reconcile/support.ts';

const a = loaded('a:1.0.0');
const other = loaded('a:1.0.0', { text: '2' });

type Told = [action: string, ...flags: string[]];

function told(wanted: Desired, board: Actual[], underWay: Step[] = []): Told[] {
  const begun = underWay.map((step) => ({ step }));
  return changesOf(wanted, board, begun).map(({ action, restart, start, stop, replaces }) => [
    action,
    ...(restart ? ['restart'] : []),
    ...(start ? ['start'] : []),
    ...(stop ? ['stop'] : []),
    ...(replaces === undefined ? [] : [replaces]),
  ]);
}

describe('a change', () => {
  const rows: [name: string, wanted: Desired, board: Actual[], expected: Told[]][] = [
    ['adds', desired([a]), [], [['add']]],
    ['adds and starts', desired([auto('a:1.0.0')]), [], [['add', 'start']]],
    ['replaces what runs', desired([other]), [actual(a)], [['replace', 'restart']]],
    ['changes limits of what runs', desired([other]), [actual(a, { canFollow: () => true })], [['live']]],
    ['updates what rests', desired([other]), [actual(a, { state: 'stopped' })], [['update']]],
    ['removes what runs', desired([]), [actual(a)], [['remove', 'stop']]],
    ['removes what rests', desired([]), [actual(a, { state: 'failed' })], [['remove']]],
    [
      'puts another version in its place',
      desired([loaded('a:2.0.0')]),
      [actual(a)],
      [['replace', 'restart', 'a:1.0.0']],
    ],
    [
      'and starts nothing when the old one rested',
      desired([loaded('a:2.0.0')]),
      [actual(a, { state: 'stopped' })],
      [['replace', 'a:1.0.0']],
    ],
  ];
  for (const [name, wanted, board, expected] of rows)
    test(name, () => {
      assert.deepEqual(told(wanted, board), expected);
    });

  test('that is under way is told as it began, and one that is overtaken as it will be', () => {
    const wanted = desired([other]);
    const steps = reconcile(wanted, [actual(a)]);
    const stopping = [actual(a, { state: 'stopping', busy: true })];
    assert.deepEqual(told(wanted, stopping, steps), [['replace', 'restart']]);
    assert.deepEqual(told(desired([]), stopping, steps), [['remove', 'stop']]);
  });

  test('that brings another version is told once, also when the file of that one is renamed meanwhile', () => {
    const next = loaded('a:2.0.0');
    const steps = reconcile(desired([next]), [actual(a)]);
    const stopping = [actual(a, { state: 'stopping', busy: true })];
    const renamed = desired([{ ...next, file: '/r/renamed.yaml' }]);
    assert.deepEqual(
      told(renamed, stopping, steps).map(([action]) => action),
      ['replace'],
    );
  });

  test('has the keys that differ, with their lines', () => {
    assert.deepEqual(changesOf(desired([other]), [actual(a)])[0]?.changed, [
      { key: 'init', from: '/bin/1', to: '/bin/2', line: 7 },
    ]);
  });

  test('has them also while it is under way and what is wanted is in force already', () => {
    const steps = reconcile(desired([other]), [actual(a)]).map((step) => ({ step, before: a.manifest }));
    const [change] = changesOf(desired([other]), [actual(other, { busy: true })], steps);
    assert.deepEqual([change?.action, change?.changed.map(({ key }) => key)], ['replace', ['init']]);
  });
});

test('what goes on in spite of a broken file is told by the file, or by its repository', () => {
  const board = [actual(a), actual(loaded('b:1.0.0'), { repository: 'other' })];
  const wanted = desired([], { rejected: [{ file: a.file, isDuplicate: false }], unusable: ['other'] });
  assert.deepEqual(
    [...keptBy(wanted, board)],
    [
      [a.file, ['a:1.0.0']],
      ['other', ['b:1.0.0']],
    ],
  );
});
