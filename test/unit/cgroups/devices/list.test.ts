import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { DeviceRule } from '../../../../src/cgroups/index.ts';
import { decide, deviceList, forVersion1, isConflict } from '../../../../src/cgroups/devices/list.ts';
import { compileDevices, INSTRUCTION, MAX_INSTRUCTIONS } from '../../../../src/cgroups/devices/program.ts';
import { accessBits, accessLetters, entryText } from '../../../../src/cgroups/devices/rule.ts';
import { listWrites } from '../../../../src/cgroups/devices/version1.ts';
import { mayUse } from '../../../../src/cgroups/fake/v1-devices.ts';
import { run } from './machine.ts';
import { anyList, anyRules, ASKED, deviceBoard, nodes, type Node } from './rules.ts';

/** The rules as they stand: each access is what the last rule that speaks of it says, at first refused. */
function lastRuleWins(rules: readonly DeviceRule[], { type, major, minor }: Node, letters: string): boolean {
  return letters.split('').every((letter) => {
    const last = rules.findLast(
      (rule) =>
        ['a', undefined, type].includes(rule.type) &&
        [undefined, major].includes(rule.major) &&
        [undefined, minor].includes(rule.minor) &&
        (rule.access ?? 'rwm').includes(letter),
    );
    return last?.allow === true;
  });
}

const EVERY_ACCESS = ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'];

describe('rules about devices', () => {
  test('mean the same as a list, as a program, and to the kernel of v1: what the last rule says', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const made = deviceList(rules);
        fc.pre(!isConflict(made));
        const list = forVersion1(made);
        const program = compileDevices(list);
        const fs = deviceBoard();
        for (const { file, value } of listWrites(list)) fs.write(`/dev-cg/box/${file}`, value);
        const group = fs.group('/dev-cg/box');
        for (const node of nodes) {
          const { type, major, minor } = node;
          for (const letters of EVERY_ACCESS) {
            const wanted = lastRuleWins(rules, node, letters);
            const about = `${type} ${major}:${minor} ${letters}`;
            assert.equal(run(program, type, major, minor, letters), wanted, `the program: ${about}`);
            assert.equal(decide(made, { ...node, access: accessBits(letters) ?? 0 }), wanted, `the list: ${about}`);
          }
          for (const letters of ASKED)
            assert.equal(
              mayUse(group, type, major, minor, letters),
              lastRuleWins(rules, node, letters),
              `the kernel of v1: ${type} ${major}:${minor} ${letters}`,
            );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('are refused only where a rule takes a part back of an earlier one', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const made = deviceList(rules);
        if (!isConflict(made)) return;
        const before = deviceList(rules.slice(0, made.rule));
        assert.ok(!isConflict(before));
        assert.equal(rules[made.rule]?.allow, before.fallback === 'allow');
        assert.ok(before.exceptions.some((entry) => entryText(entry) === entryText(made.earlier)));
      }),
    );
  });

  const EXAMPLES: [string, DeviceRule[], string, string[]][] = [
    ['none deny all', [], 'deny', []],
    [
      'that speak of one device are one exception',
      [
        { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
        { allow: true, type: 'c', major: 1, minor: 3, access: 'w' },
      ],
      'deny',
      ['c 1:3 rw'],
    ],
    [
      'can be taken back as a whole',
      [
        { allow: true, type: 'c', major: 1, minor: 3 },
        { allow: true, type: 'b', major: 8, minor: 0, access: 'rw' },
        { allow: false, type: 'c' },
        { allow: false, type: 'b', access: 'w' },
      ],
      'deny',
      ['b 8:0 r'],
    ],
    [
      'of both kinds with some letters are two',
      [{ allow: true, access: 'r' }],
      'deny',
      ['b *:* r', 'c *:* r'],
    ],
    [
      'before one about everything do not matter',
      [{ allow: true, type: 'c', major: 1 }, { allow: true, type: 'a' }, { allow: false, type: 'b', major: 8 }],
      'allow',
      ['b 8:* rwm'],
    ],
    [
      'that gain nothing from a wildcard of other letters may be taken back under it',
      [{ allow: true, type: 'c', access: 'm' }, { allow: true, type: 'c', major: 5 }, { allow: false, type: 'c', major: 5, access: 'rw' }],
      'deny',
      ['c *:* m', 'c 5:* m'],
    ],
  ]; // prettier-ignore
  for (const [what, rules, fallback, exceptions] of EXAMPLES)
    test(what, () => {
      const made = deviceList(rules);
      assert.ok(!isConflict(made));
      assert.deepEqual([made.fallback, made.exceptions.map(entryText)], [fallback, exceptions]);
    });

  test('that allow reading here and writing there get an exception for both, as v1 needs it', () => {
    const made = deviceList([
      { allow: true, type: 'c', major: 1, access: 'r' },
      { allow: true, type: 'c', minor: 3, access: 'w' },
    ]);
    assert.ok(!isConflict(made));
    assert.deepEqual(forVersion1(made).exceptions.map(entryText), ['c 1:* r', 'c *:3 w', 'c 1:3 rw']);
  });
});

describe('a device program', () => {
  test('for no rule has 8 instructions and denies', () => {
    const program = compileDevices({ fallback: 'deny', exceptions: [] });
    assert.equal(program.length, 8 * INSTRUCTION);
    assert.equal(run(program, 'c', 1, 3, 'r'), false);
  });

  test('has at most 7 instructions for an exception', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        assert.ok(compileDevices(list).length / INSTRUCTION <= 8 + 7 * list.exceptions.length);
      }),
    );
    assert.ok(8 + 7 * (512 + 12) <= MAX_INSTRUCTIONS, 'so that 512 rules beside the standard nodes always fit');
  });

  test('holds the largest numbers there are', () => {
    const list = {
      fallback: 'deny' as const,
      exceptions: [{ type: 'b' as const, major: 4095, minor: 1_048_575, access: 6 }],
    };
    const program = compileDevices(list);
    assert.equal(run(program, 'b', 4095, 1_048_575, 'rw'), true);
    assert.equal(run(program, 'b', 4095, 1_048_574, 'r'), false);
    assert.equal(run(program, 'b', 4095, 1_048_575, 'm'), false);
  });
});

test('letters of an access are each one of three, once, in any order', () => {
  for (const good of ['r', 'w', 'm', 'wr', 'mwr'])
    assert.deepEqual(
      accessLetters(accessBits(good) ?? 0),
      ['r', 'w', 'm'].filter((one) => good.includes(one)).join(''),
    );
  for (const bad of ['', 'x', 'rwx', 'rr', 'rwmr', 'R', ' r']) assert.equal(accessBits(bad), undefined, bad);
});
