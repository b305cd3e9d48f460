import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  compileFilter,
  Verdict,
  type ArgumentCheck,
  type CallRule,
  type SyscallTable,
} from '../../../src/seccomp/index.ts';
import { check, run } from './interpreter.ts';

const X86_64 = 0xc000_003e;
const AARCH64 = 0xc000_00b7;
const { ALLOW, KILL_PROCESS, LOG } = Verdict;
const EPERM = Verdict.errno(1);

const table = (calls: Record<string, number>, arch = AARCH64): SyscallTable => ({ arch, numbers: calls });
const ask = (rules: CallRule[], of: SyscallTable, number: number, ...args: bigint[]): number => {
  const { program } = compileFilter({ rules, otherwise: EPERM }, of);
  check(program);
  return run(program, { number, arch: of.arch, args }).verdict;
};

describe('a filter', () => {
  const calls = table({ read: 63, write: 64, kill: 129, clone: 220 });

  test('allows what a rule allows, and nothing else', () => {
    const rules: CallRule[] = [{ call: 'write', verdict: ALLOW }];
    assert.deepEqual(
      [63, 64, 65, 0, 0xffff_ffff].map((number) => ask(rules, calls, number)),
      [EPERM, ALLOW, EPERM, EPERM, EPERM],
    );
  });

  test('without a rule meets every call with the same', () => {
    assert.equal(ask([], calls, 64), EPERM);
  });

  test('kills what calls in the numbers of another architecture, whatever the policy is', () => {
    const { program } = compileFilter({ rules: [{ call: 'write', verdict: ALLOW }], otherwise: LOG }, calls);
    assert.equal(run(program, { number: 64, arch: 0x4000_0028 }).verdict, KILL_PROCESS);
    const wide = compileFilter({ rules: [], otherwise: ALLOW }, table({ read: 0 }, X86_64)).program;
    assert.equal(run(wide, { number: 0x4000_0000, arch: X86_64 }).verdict, KILL_PROCESS);
    assert.equal(run(wide, { number: 0x3fff_ffff, arch: X86_64 }).verdict, ALLOW);
  });

  test('looks at all 64 bits of an argument', () => {
    const when = { index: 1, values: [3n, 0x1_0000_0003n, 0xffff_ffff_ffff_ffffn] };
    const rules: CallRule[] = [{ call: 'kill', when, verdict: ALLOW }];
    const allowed = [3n, 0x1_0000_0003n, 0xffff_ffff_ffff_ffffn, 0x2_0000_0003n, 0xffff_ffffn, 4n, 0n].filter(
      (arg) => ask(rules, calls, 129, 9n, arg) === ALLOW,
    );
    assert.deepEqual(allowed, [3n, 0x1_0000_0003n, 0xffff_ffff_ffff_ffffn]);
  });

  test('takes an argument without a bit outside of the mask, or one of the values', () => {
    const rules: CallRule[] = [{ call: 'kill', when: { index: 0, values: [8n], mask: 6n }, verdict: ALLOW }];
    const allowed = [0n, 2n, 4n, 6n, 8n, 1n, 7n, 10n, 0x1_0000_0004n].filter(
      (arg) => ask(rules, calls, 129, arg) === ALLOW,
    );
    assert.deepEqual(allowed, [0n, 2n, 4n, 6n, 8n]);
  });

  test('takes the first rule for a call that holds', () => {
    const rules: CallRule[] = [
      { call: 'kill', when: { index: 1, values: [9n] }, verdict: KILL_PROCESS },
      { call: 'kill', when: { index: 0, values: [1n] }, verdict: LOG },
      { call: 'kill', verdict: ALLOW },
      { call: 'kill', verdict: KILL_PROCESS },
    ];
    assert.deepEqual(
      [ask(rules, calls, 129, 1n, 9n), ask(rules, calls, 129, 1n, 8n), ask(rules, calls, 129, 2n, 8n)],
      [KILL_PROCESS, LOG, ALLOW],
    );
  });

  test('names what this architecture does not have, and is none the wider for it', () => {
    const rules: CallRule[] = ['open', 'constructor', 'read'].map((call) => ({ call, verdict: ALLOW }));
    const { program, unknown } = compileFilter({ rules, otherwise: EPERM }, calls);
    assert.deepEqual(unknown, ['open', 'constructor']);
    assert.equal(run(program, { number: 63, arch: AARCH64 }).verdict, ALLOW);
  });

  test('costs about the logarithm of its length', () => {
    const numbers = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`call${index}`, 2 * index]));
    const rules = Object.keys(numbers).map((call): CallRule => ({ call, verdict: ALLOW }));
    const { program } = compileFilter({ rules, otherwise: EPERM }, table(numbers));
    check(program);
    const steps = Array.from({ length: 800 }, (_, number) => run(program, { number, arch: AARCH64 }).steps);
    assert.ok(Math.max(...steps) <= 18, `${Math.max(...steps)} steps`);
  });

  test('is refused when the kernel could not take it for its length', () => {
    const numbers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`call${index}`, index]));
    const rules = Object.keys(numbers).map((call, index): CallRule => {
      const values = Array.from({ length: 50 }, (_, value) => BigInt(index * 100 + value));
      return { call, when: { index: 0, values }, verdict: ALLOW };
    });
    assert.throws(
      () => compileFilter({ rules, otherwise: EPERM }, table(numbers)),
      /^RangeError: a filter of \d+ instr/,
    );
  });

  test('means what its rules mean when they are read one by one', () => {
    const word = fc.constantFrom(
      0n,
      1n,
      2n,
      6n,
      7n,
      0x2_0000n,
      0xffff_ffffn,
      1n << 32n,
      (1n << 32n) + 7n,
      (1n << 64n) - 1n,
    );
    const when = fc.record({ index: fc.nat(5), values: fc.array(word, { maxLength: 6 }), mask: fc.option(word) });
    const call = fc.nat(39).map((name) => `c${name}`);
    const rule = fc.record({ call, when: fc.option(when), verdict: fc.constantFrom(ALLOW, LOG, KILL_PROCESS, EPERM) });
    const asked = fc.record({ number: fc.nat(120), args: fc.array(word, { minLength: 6, maxLength: 6 }) });
    const policy = fc.record({
      numbers: fc.uniqueArray(fc.nat(120), { minLength: 40, maxLength: 40 }),
      rules: fc.array(rule, { maxLength: 150, size: 'max' }),
      calls: fc.array(asked, { minLength: 20, maxLength: 20 }),
    });
    const property = fc.property(policy, ({ numbers, rules: written, calls: all }) => {
      const known = Object.fromEntries(numbers.map((number, index) => [`c${index}`, number]));
      const rules = written.map(({ call: name, when: check_, verdict }): CallRule => {
        if (check_ === null) return { call: name, verdict };
        const { mask, ...values } = check_;
        return { call: name, when: mask === null ? values : { ...values, mask }, verdict };
      });
      const { program } = compileFilter({ rules, otherwise: EPERM }, table(known));
      check(program);
      for (const { number, args } of all) {
        const decided = rules.find((one) => known[one.call] === number && (!one.when || holds(one.when, args)));
        assert.equal(run(program, { number, arch: AARCH64, args }).verdict, decided?.verdict ?? EPERM);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function holds({ index, values, mask }: ArgumentCheck, args: readonly bigint[]): boolean {
  const arg = args[index] ?? 0n;
  return values.includes(arg) || (mask !== undefined && (arg & ~mask) === 0n);
}
