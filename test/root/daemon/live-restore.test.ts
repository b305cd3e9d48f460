import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(87_400_000 + process.pid);

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

const LOST = '- the daemon was replaced; up to 64 KiB of output may be missing here';

describe('containers of a daemon that was killed', needsRoot(), () => {
  test('run on, and the next daemon goes on with them', async () => {
    await trial(async (daemon) => {
      daemon.add('steady', `echo begun; sleep ${MARK}; echo never`);
      await daemon.start();
      const { pid } = await daemon.client.start('steady');
      await until('it has written', () => daemon.hasLog('steady', 'begun'));
      const before = await daemon.container('steady');
      const { launcher } = await daemon.client.version();
      await daemon.signal('SIGKILL');
      assert.ok(!isGone(pid));
      await daemon.start();
      const after = await daemon.container('steady');
      assert.deepEqual([after.state, after.pid, after.started_at], ['running', pid, before.started_at]);
      assert.equal((await daemon.client.version()).launcher.pid, launcher.pid);
      assert.deepEqual(await daemon.lines('steady'), ['begun', LOST]);
      assert.deepEqual(
        (await daemon.events(['adopted'])).map((event) => [event.container, event['pid']]),
        [['steady:1.0.0', pid]],
      );
      assert.equal(processesWith(MARK).length, 1, 'no second copy');
      const { exit } = await daemon.client.stop('steady');
      assert.equal(exit?.reason, 'stopped');
      assert.ok(exit.duration >= 0.1, 'counted from its start, not from the adoption');
    });
  });

  test('end while nobody looks, and their codes are known afterwards', async () => {
    await trial(async (daemon) => {
      const gate = join(daemon.shared, 'gate');
      const bind = { mounts: { '/mnt': { type: 'bind', host: daemon.shared } } };
      const wait = 'while [ ! -e /mnt/gate ]; do sleep 0.02; done';
      daemon.add('code', `${wait}; echo late; exit 42`, bind);
      daemon.add('signal', `${wait}; kill -SEGV $$`, bind);
      daemon.add('again', `${wait}; exit 7`, {
        ...bind,
        restart: { policy: 'on_failure', initial_delay: 0.05, jitter: 0, max_restarts: 2 },
      });
      await daemon.start();
      const pids: number[] = [];
      for (const name of ['code', 'signal', 'again']) pids.push((await daemon.client.start(name)).pid);
      await daemon.signal('SIGKILL');
      writeFileSync(gate, '');
      await until('all have ended', () => pids.every(isGone));
      await daemon.start();
      assert.equal((await daemon.reached('code', 'stopped')).last_exit?.code, 42);
      assert.equal((await daemon.reached('signal', 'stopped')).last_exit?.signal, 'SIGSEGV');
      const again = await daemon.reached('again', 'failed');
      assert.deepEqual([again.restarts, again.last_exit?.code], [2, 7]);
      assert.ok((await daemon.lines('code')).includes('late'));
      const exits = await daemon.events(['exited']);
      assert.equal(exits.filter(({ container }) => container === 'code:1.0.0').length, 1);
    });
  });

  test('keep what was counted: restarts, kills for want of memory, the last exit', async () => {
    await trial(async (daemon) => {
      daemon.add('flaky', `[ -e /mnt/gate ] && exec sleep ${MARK}; exit 5`, {
        mounts: { '/mnt': { type: 'bind', host: daemon.shared } },
        restart: { policy: 'always', initial_delay: 0.05, max_delay: 0.05, jitter: 0 },
      });
      daemon.add('hungry', 'exec tail /dev/zero', { cgroups: { memory: { memory_hard_limit: 16_777_216 } } });
      await daemon.start();
      await daemon.client.start('flaky');
      await daemon.client.start('hungry');
      await daemon.reached('hungry', 'stopped');
      while ((await daemon.container('flaky')).restarts < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      writeFileSync(join(daemon.shared, 'gate'), '');
      await until('it stays', () => processesWith(MARK).length === 1);
      await daemon.reached('flaky', 'running');
      const before = await daemon.client.containers();
      await daemon.signal('SIGKILL');
      await daemon.start();
      const after = await daemon.client.containers();
      const counted = (list: typeof before): unknown[] =>
        list.map(({ id, state, restarts, oom_kills, last_exit }) => ({ id, state, restarts, oom_kills, last_exit }));
      assert.deepEqual(counted(after), counted(before));
      assert.deepEqual(
        after.map(({ oom_kills }) => oom_kills),
        [0, 1],
      );
      assert.equal(after[1]?.last_exit?.reason, 'oom_killed');
    });
  });

  test('wait on for their restart', async () => {
    await trial(async (daemon) => {
      daemon.add('slow', 'exit 3', { restart: { policy: 'always', initial_delay: 600, jitter: 0, max_delay: 600 } });
      await daemon.start();
      await daemon.client.start('slow');
      const before = await daemon.reached('slow', 'backoff');
      await daemon.signal('SIGKILL');
      await daemon.start();
      const after = await daemon.container('slow');
      assert.equal(after.state, 'backoff');
      const shift = Date.parse(after.next_start ?? '') - Date.parse(before.next_start ?? '');
      assert.ok(Math.abs(shift) < 1000, `it waits until the same moment: ${shift} ms apart`);
    });
  });

  test('stay stopped when they were, though they start by themselves', async () => {
    await trial(async (daemon) => {
      daemon.add('auto', `sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('auto', 'running');
      await daemon.client.stop('auto');
      await daemon.signal('SIGKILL');
      await daemon.start();
      assert.equal((await daemon.container('auto')).state, 'stopped');
      assert.deepEqual(await daemon.events(['started']), []);
      await daemon.client.restart('auto'); // what an earlier daemon was asked does not stand in the way
      assert.equal((await daemon.container('auto')).state, 'running');
    });
  });

  test('lose at most a chunk of their output, and none when the daemon ended in order', async () => {
    await trial(async (daemon) => {
      daemon.add('counter', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done');
      await daemon.start();
      await daemon.client.start('counter');
      await until('it counts', () => daemon.hasLog('counter', '20'));
      await daemon.signal('SIGUSR2');
      await daemon.start();
      await until('it counts on', () => daemon.hasLog('counter', '100'));
      const lines = await daemon.lines('counter');
      assert.deepEqual(
        lines,
        Array.from(lines, (_, i) => String(i + 1)),
      );
      assert.match(daemon.log, /leaves its containers to the next daemon/);
    });
  });

  test('whose manifest is gone are stopped; one that is broken by now stays as it runs', async () => {
    await trial(async (daemon) => {
      const gone = daemon.add('gone', `exec sleep ${MARK}`);
      const broken = daemon.add('broken', `exec sleep ${MARK}`);
      await daemon.start();
      await daemon.client.start('gone');
      const { pid } = await daemon.client.start('broken');
      await daemon.signal('SIGKILL');
      rmSync(gone);
      writeFileSync(broken, 'name: broken\nversion: 1.0.0\n', { mode: 0o644 });
      await daemon.start();
      await until('the other one has gone', () => processesWith(MARK).length === 1);
      // It was written just now, and has to hold still first.
      await daemon.rejects('broken.yaml');
      const all = await daemon.client.containers();
      assert.deepEqual(
        all.map(({ id, state, pid }) => [id, state, pid]),
        [
          ['broken:1.0.0', 'running', pid],
          ['broken.yaml', 'rejected', undefined],
        ],
      );
      assert.equal((await daemon.client.container('broken:1.0.0')).outdated, true);
    });
  });
});

describe('a repository that cannot be used any more', needsRoot(), () => {
  test('stops nothing that runs, and forgets nothing that rested', async () => {
    await trial(async (daemon) => {
      daemon.add('runs', `exec sleep ${MARK}`);
      daemon.add('rests', 'echo kept; exit 6', { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.client.start('runs');
      await daemon.reached('rests', 'stopped');
      await daemon.signal('SIGKILL');
      chmodSync(daemon.repository, 0o777);
      await daemon.start();
      assert.deepEqual(
        (await daemon.client.containers()).map(({ id, state, pid }) => [id, state, pid]),
        [
          ['repository', 'rejected', undefined],
          ['rests:1.0.0', 'stopped', undefined],
          ['runs:1.0.0', 'running', pid],
        ],
      );
      await assert.rejects(daemon.client.start('rests'), /manifest is rejected: the repository is not used/);
      await daemon.signal('SIGKILL');
      chmodSync(daemon.repository, 0o755);
      await daemon.start();
      const rests = await daemon.container('rests');
      assert.deepEqual([rests.state, rests.last_exit?.code], ['stopped', 6]);
      assert.ok((await daemon.lines('rests')).includes('kept'));
      assert.equal((await daemon.container('runs')).pid, pid);
      assert.equal((await daemon.client.container('runs')).outdated, undefined);
    });
  });
});

describe('the lease', needsRoot(), () => {
  test('ends what no daemon came back for: processes, groups, sockets, mounts', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `sleep ${MARK} & setsid sleep ${MARK} & wait`, { cgroups: { pids: { limit: 50 } } });
      await daemon.start();
      await daemon.client.start('a');
      await until('both sleep', () => processesWith(MARK).length === 2);
      const { launcher } = await daemon.client.version();
      const { groups } = await daemon.client.container('a');
      await daemon.signal('SIGKILL');
      await until('the launcher has ended', () => isGone(launcher.pid));
      assert.deepEqual(processesWith(MARK), []);
      assert.deepEqual(groups?.map(({ path }) => existsSync(path)).filter(Boolean), []);
      assert.deepEqual(readdirSync(daemon.runDir).sort(), ['consoles', 'daemon.json', 'logs', 'sockets', 'state']);
      await daemon.start();
      assert.equal((await daemon.container('a')).state, 'stopped', 'all begins anew');
    }, 'daemon: {lease: 1 s}\n');
  });
});

describe('a launcher that is killed', needsRoot(), () => {
  test('takes its containers with it; the daemon tells and starts them over with a new one', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      daemon.add('idle', 'sleep 1');
      await daemon.start();
      const before = await daemon.reached('a', 'running');
      const { launcher } = await daemon.client.version();
      process.kill(launcher.pid, 'SIGKILL');
      await until('another one runs', () => processesWith(MARK).some((pid) => pid !== before.pid));
      const after = await daemon.reached('a', 'running');
      assert.ok(isGone(before.pid ?? 0));
      assert.notEqual((await daemon.client.version()).launcher.pid, launcher.pid);
      assert.deepEqual(
        [after.restarts, after.last_exit?.reason, after.last_exit?.error?.['code']],
        [0, null, 'TH3011'],
      );
      assert.equal(processesWith(MARK).length, 1);
      assert.match(daemon.log, /the launcher ended and its containers with it/);
      assert.equal((await daemon.container('idle')).state, 'stopped');
      await daemon.signal('SIGKILL'); // and the new one is adopted like any other
      await daemon.start();
      assert.equal((await daemon.container('a')).pid, after.pid);
    });
  });

  test('together with its daemon leaves nothing that the next one cannot clear away', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, { cgroups: { pids: { limit: 20 } } });
      await daemon.start();
      await daemon.client.start('a');
      const { launcher } = await daemon.client.version();
      const { groups } = await daemon.client.container('a');
      await daemon.signal('SIGKILL');
      process.kill(launcher.pid, 'SIGKILL');
      await until('all are dead', () => processesWith(MARK).length === 0);
      assert.ok(groups?.some(({ path }) => existsSync(path)));
      await daemon.start();
      assert.deepEqual(
        groups?.filter(({ path }) => existsSync(path)),
        [],
      );
      assert.equal((await daemon.container('a')).state, 'stopped');
      assert.match(daemon.log, /removed groups that nobody owned/);
    });
  });
});

test('a release has no places to die at', () => {
  const dist = join(import.meta.dirname, '../../../dist');
  assert.ok(!readFileSync(join(dist, 'thuban.mjs'), 'utf8').includes('THUBAN_FAILPOINT'));
  assert.ok(readFileSync(join(dist, 'test/thuban.mjs'), 'utf8').includes('THUBAN_FAILPOINT'));
});
