import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRanges, Report, Source, type Shape } from '../../../src/manifest/index.ts';
import { brief, refuse } from './support.ts';

/** What is said of a value at `key` with the given shape. */
function told(value: string | number, shape: Omit<Shape, 'types'>): string[] {
  const root = { kind: 'map', entries: new Map(), block: true, span: { offset: 0, length: 1 } } as const;
  const report = new Report(new Source('test.yaml', '\n'), root);
  checkRanges(report, { key: value }, { types: ['object'], keys: { key: { types: ['integer'], ...shape } } });
  return report.sorted().map(({ code, message, hint }) => `${code} ${message}; ${hint ?? ''}`);
}

describe('a range', () => {
  it('holds its ends and what is between them', () => {
    const shape = { range: [1, 5] } as const;
    for (const value of [1, 3, 5]) assert.deepEqual(told(value, shape), []);
    assert.deepEqual(told(0, shape), ['TH1205 `key` is 0, allowed 1 to 5; write `key: 1`']);
    assert.deepEqual(told(6, shape), ['TH1205 `key` is 6, allowed 1 to 5; write `key: 5`']);
  });

  it('without a second number has no upper end', () => {
    assert.deepEqual(told(2 ** 52, { range: [1] }), []);
    assert.deepEqual(told(-1, { range: [1] }), ['TH1205 `key` is -1, allowed 1 and more; write `key: 1`']);
  });

  it('of a quantity is compared as a quantity, and shown as it is written', () => {
    const shape = { quantity: 'duration', range: ['10 ms', '1 min'] } as const;
    for (const value of ['10 ms', '0.01 s', 60, '1 min']) assert.deepEqual(told(value, shape), []);
    assert.deepEqual(told('9 ms', shape), ['TH1205 `key` is 9 ms, allowed 10 ms to 1 min; write `key: 10 ms`']);
    assert.deepEqual(told('2 min', shape), ['TH1205 `key` is 2 min, allowed 10 ms to 1 min; write `key: 1 min`']);
  });

  it('of the schema takes effect', () => {
    const text = 'restart: {policy: always, initial_delay: 10 ms, max_delay: 5 ms}\n';
    assert.deepEqual(brief(refuse(text)), ['TH1205 6:60 restart.max_delay']);
  });
});
