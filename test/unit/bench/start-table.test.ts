import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Contestant } from '../../../bench/contestant.ts';
import type { Tally } from '../../../bench/rounds.ts';
import { layOut, startRows, startTable } from '../../../bench/start-table.ts';

function tally(name: string, role: Contestant['role'], values: number[], failures: string[] = []): Tally {
  const contestant = { name, role, pids: [], turn: () => Promise.reject(new Error('not asked for')) };
  return { contestant, first: values, end: values, gone: values.map((value) => value * 2), failures };
}

const rows = startRows([
  tally('ours', 'ours', [2, 2, 4]),
  tally('floor', 'floor', [1, 1, 1]),
  tally('slow peer', 'peer', [20]),
  tally('fast peer', 'peer', [8]),
  tally('without groups', 'other', [3]),
  tally('broken', 'ours', [], ['no space']),
]);

describe('the rows of starts', () => {
  test('are compared by their medians with the floor and the fastest peer', () => {
    assert.equal(rows[0]?.first?.of_floor, 2);
    assert.equal(rows[0].first.of_best_peer, 0.25);
    assert.equal(rows[0].gone?.of_floor, 2);
    assert.equal(rows[2]?.first?.of_best_peer, 2.5);
  });

  test('are not compared with what does less', () => {
    const [ours] = startRows([tally('ours', 'ours', [2]), tally('without groups', 'other', [1])]);
    assert.deepEqual(ours?.first, { count: 1, min: 2, p50: 2, p95: 2, max: 2 });
  });

  test('of which nothing worked have no figures, and say so', () => {
    assert.deepEqual(rows[5], { name: 'broken', role: 'ours', failed: 1 });
    assert.match(startTable(rows).at(-1) ?? '', /^broken +0 +- .* 1$/);
  });
});

describe('the table', () => {
  test('has a column for each figure, numbers to the right', () => {
    assert.deepEqual(
      layOut([
        ['ms', 'p50'],
        ['daemon', '2.10'],
        ['a', '10.00'],
      ]),
      ['ms        p50', 'daemon   2.10', 'a       10.00'],
    );
  });

  test('fits into 110 columns', () => {
    for (const line of startTable(rows)) assert.ok(line.length <= 110, line);
  });
});
