import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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

test('a program that has ended is read at once, and as slowly as the sink takes it', async () => {
  const shell = spawn('/bin/sh', ['-c', '(head -c 100000 /dev/zero; : end) | sleep 4.322'], { stdio: 'ignore' });
  const holder = (): number => childrenOf(shell.pid ?? 0).find((pid) => processesWith('4.322').includes(pid)) ?? 0;
  await until('the pipe is held', () => holder() > 0);
  const pid = holder();
  const { ino } = statSync(`/proc/${pid}/fd/0`, { bigint: true });
  await sleep(200); // it is full
  let bytes = 0;
  let isFirst = true;
  let go: () => void = () => undefined;
  const sink = {
    write: (_: string, chunk: Buffer) => {
      bytes += chunk.length;
      const takesMore = !isFirst;
      isFirst = false;
      return takesMore;
    },
    drained: () => new Promise<void>((resolve) => (go = resolve)),
  };
  const begun = Date.now();
  const isEarly = (): boolean => Date.now() - begun < 3000; // a failure is no reason to wait for ever
  const finished = new OutputReader(pid, { fd: 0, inode: ino }, 'stdout', sink).finish(50, isEarly);
  const atOnce = bytes;
  await sleep(150);
  const beforeDrained = bytes;
  go();
  await finished;
  shell.kill();
  assert.deepEqual([atOnce, beforeDrained, bytes], [65_536, 65_536, 100_000]);
});
