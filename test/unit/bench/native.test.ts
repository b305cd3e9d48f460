import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { nativePrograms } from '../../../bench/native.ts';
import { TurnProcess } from '../../../bench/turn-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
const programs = nativePrograms(folder, undefined);
after(() => {
  rmSync(folder, { recursive: true });
});

async function turnsOf(name: 'floor' | 'command', args: string[], count: number) {
  await using contestant = new TurnProcess(name, 'other', programs[name], args);
  const turns = [];
  for (let turn = 0; turn < count; turn++) turns.push(await contestant.turn());
  return turns;
}

describe('the native programs', () => {
  for (const [name, args] of [
    ['floor', ['--plain', '--program', programs.stamp]],
    ['command', ['--', programs.stamp]],
  ] as const) {
    test(`${name} tells begin, first act and end, on the clock of this process`, async () => {
      const before = process.hrtime.bigint();
      const turns = await turnsOf(name, [...args], 3);
      const afterwards = process.hrtime.bigint();
      let last = before;
      for (const { begin, first, gone } of turns) {
        assert.ok(first !== undefined && last < begin && begin < first && first < gone);
        last = gone;
      }
      assert.ok(last < afterwards);
    });
  }

  test('command gives every turn a name of its own', async () => {
    const script = `mkdir ${folder}/%i && exec ${programs.stamp}`;
    assert.equal((await turnsOf('command', ['--', 'sh', '-c', script], 3)).length, 3);
  });

  test('command says the last line of what a command complained of', async () => {
    const args = ['--', 'sh', '-c', 'echo first >&2; echo no such bundle >&2; exit 3'];
    await assert.rejects(turnsOf('command', args, 1), { message: 'sh: no such bundle' });
  });

  test('command does not take a command without a stamp for a measurement', async () => {
    await assert.rejects(turnsOf('command', ['--', 'true'], 1), /stamp: is missing/);
    await assert.rejects(turnsOf('command', ['--', 'echo', '17'], 1), /stamp: is not of this turn/);
  });

  test('floor says which step did not work, and goes on with the next turn', async () => {
    await using contestant = new TurnProcess('floor', 'floor', programs.floor, ['--plain', '--program', '/nowhere']);
    for (let turn = 0; turn < 2; turn++)
      await assert.rejects(contestant.turn(), { message: 'exec: No such file or directory' });
  });

  test('one that is not there is told, not waited for', async () => {
    await using contestant = new TurnProcess('none', 'other', join(folder, 'none'), []);
    await assert.rejects(contestant.turn(), /ended/);
  });
});
