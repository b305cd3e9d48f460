import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPercent, formatShare, formatShortDuration } from '../../../src/base/index.ts';

const MIB = 1024 * 1024;

describe('numbers in tables', () => {
  test('durations have no blanks and the two largest units that say something', () => {
    const cases: [number, string][] = [
      [0, '0ms'],
      [-5, '0ms'],
      [212.9, '212ms'],
      [1000, '1s'],
      [12_900, '12s'],
      [120_000, '2m'],
      [125_000, '2m5s'],
      [3_600_000, '1h'],
      [3_605_000, '1h'],
      [11_040_000, '3h4m'],
      [273_600_000, '3d4h'],
      [86_400_000 * 400, '400d'],
    ];
    for (const [ms, text] of cases) assert.equal(formatShortDuration(ms), text);
    assert.equal(formatShortDuration(273_600_000, 1), '3d');
    assert.equal(formatShortDuration(119_000, 1), '1m');
  });

  test('a use out of a limit has one unit, unless one of the two would not read well', () => {
    const cases: [number | null, number, string][] = [
      [88 * MIB, 96 * MIB, '88/96 MiB'],
      [3.1 * MIB, 32 * MIB, '3.1/32 MiB'],
      [3 * MIB, 32 * MIB, '3/32 MiB'],
      [0, 32 * MIB, '0/32 MiB'],
      [12 * 1024, 2048 * MIB, '12 KiB/2 GiB'],
      [null, 96 * MIB, '?/96 MiB'],
      [5, 10, '5/10 B'],
    ];
    for (const [bytes, limit, text] of cases) assert.equal(formatShare(bytes, limit), text);
  });

  test('percentages have two significant digits', () => {
    const cases: [number, string][] = [
      [0, '0%'],
      [0.003, '0.3%'],
      [0.02, '2.0%'],
      [0.0996, '10%'],
      [0.61, '61%'],
      [2.004, '200%'],
    ];
    for (const [share, text] of cases) assert.equal(formatPercent(share), text);
  });
});
