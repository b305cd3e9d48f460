import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(84_400_000 + process.pid);

async function trial(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon();
    await body(daemon);
  });
}

describe('apply', needsRoot(), () => {
  test('answers when all is done, with what each container became', async () => {
    await trial(async (daemon) => {
      const gone = daemon.add('gone', `exec sleep ${MARK}`);
      daemon.add('a', `exec sleep ${MARK}`);
      await daemon.start();
      await daemon.client.start('gone');
      const before = await daemon.client.start('a');
      daemon.add('a', `exec sleep ${MARK}`, { hostname: 'other', cgroups: { pids: { limit: 20 } } });
      daemon.add('lost', 'true', { init: '/nowhere', autostart: 'relaxed' });
      daemon.add('new', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      writeFileSync(join(daemon.repository, 'broken.yaml'), 'name: a\nversion: 1.0.0\n', { mode: 0o644 });
      rmSync(gone);
      const { changes, rejected, unsettled } = await daemon.client.apply();
      assert.deepEqual(
        changes.map(({ id, action, restart, start, stop, result }) => [id, action, restart, start, stop, result?.ok]),
        [
          ['a:1.0.0', 'replace', true, false, false, true],
          ['gone:1.0.0', 'remove', false, false, true, true],
          ['lost:1.0.0', 'add', false, true, false, false],
          ['new:1.0.0', 'add', false, true, false, true],
        ],
      );
      const difference = changes[0]?.changed.find(({ key }) => key === 'cgroups');
      assert.equal(difference?.from, null);
      assert.ok((difference?.line ?? 0) > 1);
      assert.equal(changes[2]?.result?.error?.['code'], 'TH3001');
      assert.deepEqual(
        rejected.map(({ file, keeps }) => [file, keeps]),
        [[join(daemon.repository, 'broken.yaml'), []]],
      );
      assert.deepEqual(unsettled, []);
      assert.notEqual((await daemon.container('a')).pid, before.pid);
      assert.equal(processesWith(MARK).length, 2);
      const again = await daemon.client.apply();
      assert.deepEqual([again.changes, again.failed], [[], ['lost:1.0.0']]);
    });
  });

  test('with dry_run does nothing and says the same', async () => {
    await trial(async (daemon) => {
      // The watch goes on meanwhile, and may begin before the answer: a stop that takes long is not over by then.
      const stop = { signal: 'SIGTERM', timeout: 2 };
      daemon.add('a', `trap '' TERM; sleep ${MARK}`, { stop });
      await daemon.start();
      const { pid } = await daemon.client.start('a');
      daemon.add('a', `trap '' TERM; sleep ${MARK} # new`, { stop });
      const planned = await daemon.client.apply({ dry_run: true });
      assert.deepEqual(
        planned.changes.map(({ id, action, changed, result }) => [id, action, changed.map(({ key }) => key), result]),
        [['a:1.0.0', 'replace', ['args[1]'], undefined]],
      );
      const { changes } = await daemon.client.apply();
      assert.equal(changes.length <= 1, true);
      assert.notEqual((await daemon.container('a')).pid, pid);
    });
  });

  test('is told of repositories with their state', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      writeFileSync(join(daemon.repository, 'broken.yaml'), '{', { mode: 0o644 });
      await daemon.start();
      await daemon.reached('a', 'running');
      const [one, ...others] = await daemon.client.repositories();
      assert.deepEqual(others, []);
      assert.deepEqual(
        [one?.id, one?.dir, one?.containers, one?.running, one?.rejected.length, one?.watched, one?.problem],
        ['default', daemon.repository, 1, 1, 1, true, undefined],
      );
    });
  });
});
