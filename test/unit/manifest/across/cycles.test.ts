import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkAcross } from '../../../../src/manifest/index.ts';
import { found, graph } from './support.ts';

const messages = (arrows: Readonly<Record<string, readonly string[]>>): string[] =>
  found(graph(arrows)).map((line) => line.replace(/ \(.*/, ''));

describe('containers that wait for each other', () => {
  it('are told once, at the first file, with the place of every other arrow', () => {
    const findings = checkAcross(graph({ a: ['z', 'b'], b: ['c'], c: ['a'], z: [] }), { absent: 'error' });
    assert.deepEqual(
      findings.map(({ length }) => length),
      [1, 0, 0, 0],
    );
    const { code, line, column, length, message, label, elsewhere } = findings[0]?.[0] ?? {};
    assert.deepEqual({ code, line, column, length }, { code: 'TH1405', line: 4, column: 3, length: 1 });
    assert.equal(message, '`a → b → c → a` wait for each other');
    assert.equal(label, '`a` waits for `b`');
    assert.deepEqual(elsewhere, [
      { file: 'b.yaml', line: 3, column: 3, label: '`b` waits for `c`' },
      { file: 'c.yaml', line: 3, column: 3, label: '`c` waits for `a`' },
    ]);
  });

  it('may be one alone', () => {
    assert.deepEqual(messages({ a: ['a'] }), ['TH1405 a.yaml:3:3 `a → a` waits for itself']);
  });

  it('are none when two wait for the same one, or one waits twice as long', () => {
    assert.deepEqual(messages({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }), []);
    assert.deepEqual(messages({ a: ['b', 'c'], b: ['c'], c: [] }), []);
  });

  it('are all told, also where circles share a part', () => {
    assert.deepEqual(messages({ a: ['b'], b: ['a', 'c'], c: ['b'], x: ['y'], y: ['x'] }), [
      'TH1405 a.yaml:3:3 `a → b → a` wait for each other',
      'TH1405 b.yaml:4:3 `b → c → b` wait for each other',
      'TH1405 x.yaml:3:3 `x → y → x` wait for each other',
    ]);
  });

  it('leave no circle when those that are told are broken', () => {
    // A full graph, and one with a chain of bridges: whatever is told first, its closing arrow is taken away.
    const names = ['a', 'b', 'c', 'd', 'e'];
    const arrows = new Map(names.map((name) => [name, new Set(names)]));
    const asGraph = (): Record<string, string[]> =>
      Object.fromEntries([...arrows].map(([name, others]) => [name, [...others]]));
    const circles = messages(asGraph()).map((line) => /`(.*)`/.exec(line)?.[1]?.split(' → ') ?? []);
    assert.ok(circles.length >= names.length);
    for (const circle of circles) arrows.get(circle.at(-2) ?? '')?.delete(circle.at(-1) ?? '');
    assert.deepEqual(messages(asGraph()), []);
  });

  it('are cut when they are more than a person follows', () => {
    const names = Array.from({ length: 2000 }, (_, i) => `c${i}`);
    const ring = graph(Object.fromEntries(names.map((name, i) => [name, [names[(i + 1) % names.length] ?? '']])));
    const [finding] = checkAcross(ring, { absent: 'error' }).flat();
    assert.equal(finding?.message, '`c0 → c1 → c2 → c3 → c4 → c5 → c6 → c7 → … 1992 more … → c0` wait for each other');
    assert.equal(finding.elsewhere?.length, 8);
  });

  it('are not looked for without end, which is said', () => {
    const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const all = found(graph(Object.fromEntries(names.map((name) => [name, names]))));
    assert.equal(all.length, 100);
    assert.equal(all.filter((line) => line.endsWith('after 100 circles no more were looked for)')).length, 1);
  });
});
