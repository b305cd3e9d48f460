import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { descriptorsOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

describe('the descriptors of a program', needsRoot(), () => {
  test('are the three of everybody and those of its four sockets: seven, and no other', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      const sockets: Manifest['sockets'] = {
        stream: { type: 'stream', mode: 0o700 },
        datagram: { type: 'datagram', mode: 0o700 },
        packets: { type: 'seq_packet', mode: 0o700 },
        closed: { type: 'stream', mode: 0 },
      };
      daemon.add('offers', 'exec sleep 1000', { sockets });
      await daemon.start();
      const { pid } = await daemon.client.start('offers');
      assert.equal(statSync(`/proc/${pid}/fd/0`).rdev, 0x103); // 1:3
      const kinds = Object.entries(descriptorsOf(pid)).map(([fd, to]) => `${fd} ${to.replace(/:?\[\d+\]$/, '')}`);
      // That of the launcher: the program has it without /dev.
      assert.deepEqual(kinds, ['0 /null', '1 pipe', '2 pipe', '3 socket', '4 socket', '5 socket', '6 socket']);
      await daemon.signal('SIGTERM');
    });
  });

  test('lead both streams of output to its log', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      daemon.add('prints', 'echo hello stdout; echo hello stderr >&2');
      await daemon.start();
      await daemon.client.start('prints');
      await daemon.reached('prints', 'stopped');
      const seen: string[] = [];
      for await (const { stream, line } of daemon.client.logs('prints', {})) seen.push(`${stream}: ${line}`);
      assert.deepEqual(seen.filter((line) => !line.startsWith('thuban: ')).sort(), [
        'stderr: hello stderr',
        'stdout: hello stdout',
      ]);
      await daemon.signal('SIGTERM');
    });
  });
});
