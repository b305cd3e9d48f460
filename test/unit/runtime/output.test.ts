import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { OutputReader } from '../../../src/runtime/output.ts';
import { childrenOf, processesWith, until } from '../../support/processes.ts';

test('output that is in the pipe is taken even when the loop was busy until the time was up', async () => {
  const shell = spawn('/bin/sh', ['-c', 'echo here | sleep 4.321'], { stdio: 'ignore' });
  const holder = (): number => childrenOf(shell.pid ?? 0).find((pid) => processesWith('4.321').includes(pid)) ?? 0;
  await until('the pipe is held', () => holder() > 0);
  const pid = holder();
  const { ino } = statSync(`/proc/${pid}/fd/0`, { bigint: true });
  let text = '';
  const sink = {
    write: (_: string, chunk: Buffer) => ((text += chunk.toString()), true),
    drained: () => Promise.resolve(),
  };
  const finished = new OutputReader(pid, { fd: 0, inode: ino }, 'stdout', sink).finish(20, () => true);
  for (const end = performance.now() + 200; performance.now() < end;);
  await finished;
  shell.kill();
  assert.equal(text, 'here\n');
});
