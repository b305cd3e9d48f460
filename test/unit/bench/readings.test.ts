import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRollup } from '../../../bench/memory.ts';
import { foreignShare, readOwnTicks, readTicks } from '../../../bench/processor.ts';
import { readTurn } from '../../../bench/turn-process.ts';

describe('smaps_rollup', () => {
  const text = [
    '00400000-7ffd1000 ---p 00000000 00:00 0                                  [rollup]',
    'Rss:               45620 kB',
    'Pss:               38112 kB',
    'Pss_Anon:           9984 kB',
    'Anonymous:         10012 kB',
    'LazyFree:              0 kB',
  ].join('\n');

  test('gives resident, shared-out and anonymous memory', () => {
    assert.deepEqual(readRollup(text), { rss: 45620, pss: 38112, anonymous: 10012 });
  });

  test('without a figure is an error, no zero', () => {
    assert.throws(() => readRollup('Rss: 1 kB'), /no Pss/);
    assert.throws(() => readRollup(''), /no Rss/);
  });
});

describe('the use of processors', () => {
  test('counts everything but idle and iowait as busy, and guests once', () => {
    const stat = 'cpu  100 10 50 800 30 5 5 0 90 9\ncpu0 1 1 1 1 1 1 1 0 0 0\n';
    assert.deepEqual(readTicks(stat), { total: 1000, busy: 170 });
  });

  test('of a process has its children in it, whatever its name is', () => {
    const stat = '42 (a) b (c) S 1 42 42 0 -1 4194560 900 0 0 0 7 5 3 2 20 0 1 0 100 0 0';
    assert.equal(readOwnTicks(stat), 17);
  });

  test('by others is what is neither idle nor ours', () => {
    const before = { total: 1000, busy: 100, own: 10 };
    assert.equal(foreignShare(before, { total: 2000, busy: 600, own: 310 }), 0.2);
    assert.equal(foreignShare(before, { total: 2000, busy: 300, own: 310 }), 0);
    assert.equal(foreignShare(before, before), 0);
  });
});

describe('a line of a native contestant', () => {
  test('is a turn', () => {
    assert.deepEqual(readTurn('10 11 12'), { begin: 10n, first: 11n, gone: 12n });
  });

  test('may say why there is none', () => {
    assert.throws(() => readTurn('! pivot_root: EINVAL'), { message: 'pivot_root: EINVAL' });
  });

  for (const line of ['', '10 11', '10 x 12', '-1 2 3'])
    test(`is refused as ${JSON.stringify(line)}`, () => {
      assert.throws(() => readTurn(line), /cannot read/);
    });
});
