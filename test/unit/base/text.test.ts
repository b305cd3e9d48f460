import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cleanup, ThubanError, codes, formatBytes, formatDuration, suggest } from '../../../src/base/index.ts';

describe('the words of numbers', () => {
  test('bytes have an IEC unit and at most three significant digits', () => {
    const cases: [number, string][] = [
      [0, '0 B'],
      [1023, '1023 B'],
      [1024, '1 KiB'],
      [3_250_586, '3.1 MiB'],
      [92_274_688, '88 MiB'],
      [33_554_432, '32 MiB'],
      [1_932_735_283, '1.8 GiB'],
    ];
    for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
  });

  test('durations have the two largest units that say something', () => {
    const cases: [number, string][] = [
      [4, '4 ms'],
      [212.4, '212 ms'],
      [1000, '1 s'],
      [4200, '4.2 s'],
      [12_000, '12 s'],
      [59_700, '1 min'],
      [120_000, '2 min'],
      [125_000, '2 min 5 s'],
      [11_040_000, '3 h 4 min'],
      [273_600_000, '3 d 4 h'],
    ];
    for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
  });
});

describe('a suggestion', () => {
  test('forgives case, hyphens and two slips, but only one in a short word', () => {
    const known = ['memory', 'cpu', 'on_failure', 'pids'];
    assert.equal(suggest('memroy', known), 'memory');
    assert.equal(suggest('on-failure', known), 'on_failure');
    assert.equal(suggest('onFailure', known), 'on_failure');
    assert.equal(suggest('cpus', known), 'cpu');
    assert.equal(suggest('xxu', known), undefined);
    assert.equal(suggest('a', ['b', 'ab']), undefined);
    assert.equal(suggest('completely-else', known), undefined);
    assert.equal(suggest('m'.repeat(10_000), known), undefined);
  });
});

describe('error codes', () => {
  test('have unique names in snake_case and a sentence each', () => {
    const names = Object.values(codes).map((code) => code.name);
    assert.equal(new Set(names).size, names.length);
    for (const [code, { name, summary }] of Object.entries(codes)) {
      assert.match(code, /^TH[1-79]\d{3}$/);
      assert.match(name, /^[a-z][a-z_]+$/);
      assert.match(summary, /^\w.* .*[.)]$/);
    }
  });

  test('stand in the body of an error with name, hint and details', () => {
    const error = new ThubanError('TH2004', 'no', {
      hint: 'yes',
      details: { file: 'x' },
      position: { file: 'a.yaml', line: 1, column: 2 },
    });
    assert.deepEqual(error.toJSON(), {
      code: 'TH2004',
      name: 'write_refused',
      message: 'no',
      hint: 'yes',
      details: { file: 'x', position: { file: 'a.yaml', line: 1, column: 2 } },
    });
  });
});

describe('a clean-up', () => {
  test('runs in reverse order, once, and reports every failure', async () => {
    const done: string[] = [];
    const cleanup = new Cleanup();
    cleanup.defer('first', () => {
      done.push('first');
    });
    cleanup.defer('second', () => {
      throw new Error('busy');
    });
    cleanup.defer('third', () => Promise.reject(new Error('gone')));
    await assert.rejects(cleanup.dispose(), /third: gone; second: busy/);
    assert.deepEqual(done, ['first']);
    await cleanup.dispose();
    assert.deepEqual(done, ['first']);
  });
});
