import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError, readOptions, type Options } from '../../../bench/options.ts';

function read(...argv: string[]): Options {
  const options = readOptions(argv);
  assert.ok(options !== 'help');
  return options;
}

describe('the options of the benchmark', () => {
  test('measure everything unless told', () => {
    assert.deepEqual(read().parts, ['start', 'daemon', 'oom', 'many', 'groups', 'manifest']);
    assert.deepEqual(read().levels, [0, 10, 100]);
  });

  test('choose a part, a number of rounds and the form', () => {
    const options = read('--only', 'daemon', '--rounds', '7', '--json');
    assert.deepEqual([options.parts, options.rounds, options.json], [['daemon'], 7, true]);
  });

  test('in a hurry are fewer rounds, unless a number is given', () => {
    assert.ok(read('--quick').rounds < read().rounds);
    assert.equal(read('--quick', '--rounds', '3').rounds, 3);
    assert.deepEqual(read('--quick').levels, [0, 10]);
  });

  for (const argv of [
    ['--only', 'all'],
    ['--rounds', '0'],
    ['--rounds', '1.5'],
    ['--rounds', 'x'],
    ['--fast'],
    ['start'],
  ])
    test(`refuse ${argv.join(' ')}`, () => {
      assert.throws(() => readOptions(argv), UsageError);
    });
});
