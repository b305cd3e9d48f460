import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { quantile, ratio, shuffled, summarise } from '../../../bench/statistics.ts';

const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

describe('a summary', () => {
  test('gives the median and the 95th percentile of a hundred values', () => {
    const hundred = Array.from({ length: 101 }, (_, at) => at);
    assert.deepEqual(summarise(shuffled(hundred)), { count: 101, min: 0, p50: 50, p95: 95, max: 100 });
  });

  test('sorts numbers as numbers', () => {
    assert.equal(summarise([10, 9, 100])?.p50, 10);
  });

  test('of one value is that value', () => {
    assert.deepEqual(summarise([7]), { count: 1, min: 7, p50: 7, p95: 7, max: 7 });
  });

  test('of nothing is nothing', () => {
    assert.equal(summarise([]), undefined);
    assert.throws(() => quantile([], 0.5), RangeError);
  });

  test('holds only values that were measured, in order, whatever order they come in', () => {
    fc.assert(
      fc.property(values, (list) => {
        const summary = summarise(list);
        assert.ok(summary !== undefined);
        const { min, p50, p95, max } = summary;
        for (const value of [min, p50, p95, max]) assert.ok(list.includes(value));
        assert.ok(min <= p50 && p50 <= p95 && p95 <= max);
        assert.deepEqual(summarise(shuffled(list)), summary);
      }),
    );
  });

  test('leaves the list as it was', () => {
    const list = [3, 1, 2];
    summarise(list);
    assert.deepEqual(list, [3, 1, 2]);
  });
});

describe('a ratio', () => {
  test('says how many times the base', () => {
    assert.equal(ratio(6, 2), 3);
  });

  test('is none where a side is missing or the base is nothing', () => {
    assert.equal(ratio(undefined, 2), undefined);
    assert.equal(ratio(6, undefined), undefined);
    assert.equal(ratio(6, 0), undefined);
  });
});

test('shuffled keeps every value and loses none', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (list) => {
      assert.deepEqual(
        [...shuffled(list)].sort((a, b) => a - b),
        [...list].sort((a, b) => a - b),
      );
    }),
  );
});
