import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { outcome } from '../../../../scripts/vm/outcome.ts';
import { TestReport } from '../../../../scripts/vm/report.ts';

const SPEC = [
  '▶ a suite',
  '  ✔ does it (12.5ms)',
  '  ﹣ asks v1 (0.2ms) # this kernel has no v1 controller cpu',
  '  ﹣ asks # twice (0.2ms) # this kernel has no v1 controller cpu',
  '﹣ asks root (0.1ms) # needs root',
  'a program may print: ℹ pass 99',
  'ℹ tests 5',
  'ℹ suites 1',
  'ℹ pass 2',
  'ℹ fail 0',
  'ℹ cancelled 0',
  'ℹ skipped 3',
  '',
].join('\n');

function reportOf(text: string, cuts: number[] = []): TestReport {
  const bytes = Buffer.from(text);
  const report = new TestReport();
  const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
  ends.reduce((start, end) => (report.feed(bytes.subarray(start, end)), end), 0);
  return report;
}

test('counts and reasons are read, wherever the output is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
      const report = reportOf(SPEC, cuts);
      assert.equal(report.summary, '2 passed, 0 failed, 3 skipped');
      assert.deepEqual(report.skipped, [
        ['this kernel has no v1 controller cpu', 2],
        ['needs root', 1],
      ]);
    }),
  );
});

const GOOD = { kernel: '6.12.1', cgroups: 'v2', tests: '0', release: '0', exit: '0' };

function outcomeOf(facts: Record<string, string>, text = SPEC, parts = {}): ReturnType<typeof outcome> {
  return outcome('amd64', new Map(Object.entries(facts)), reportOf(text), {
    tests: true,
    release: true,
    seconds: 61,
    ...parts,
  });
}

test('a good run is told in one line', () => {
  assert.deepEqual(outcomeOf(GOOD), {
    line: 'vm amd64: Linux 6.12.1, cgroups v2; 2 passed, 0 failed, 3 skipped; release ok; passed in 61 s',
    code: 0,
  });
});

for (const [what, facts, text] of [
  ['no test ran', GOOD, 'ℹ tests 3\nℹ pass 0\nℹ fail 0\nℹ skipped 3\n'],
  ['nothing was printed', GOOD, ''],
  ['a test failed', { ...GOOD, tests: '1', exit: '1' }, SPEC.replace('fail 0', 'fail 1')],
  ['the runner died after its summary', { ...GOOD, tests: '137', exit: '1' }, SPEC],
  ['the release failed', { ...GOOD, release: '1', exit: '1' }, SPEC],
  ['the release never began', { kernel: '6.12.1', tests: '0', exit: '0' }, SPEC],
] as [string, Record<string, string>, string][])
  test(`${what}: the machine has failed`, () => {
    const { line, code } = outcomeOf(facts, text);
    assert.equal(code, 1);
    assert.match(line, /FAILED in 61 s$/);
  });

test('a run of some tests needs no release', () => {
  const { release: _release, ...facts } = GOOD;
  assert.equal(outcomeOf(facts, SPEC, { release: false }).code, 0);
});

test('a run of the release alone needs no test', () => {
  const { tests: _tests, ...facts } = GOOD;
  const { line, code } = outcomeOf(facts, '', { tests: false });
  assert.match(line, /; tests left out; release ok; passed/);
  assert.equal(code, 0);
  assert.equal(outcomeOf({ ...facts, release: '1' }, '', { tests: false }).code, 1);
});
