import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ThubanError } from '../../../src/base/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(86_400_000 + process.pid);

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

describe('a repository', needsRoot(), () => {
  test('is loaded: what is right beside what is wrong, and what starts by itself runs', async () => {
    await trial(async (daemon) => {
      daemon.add('auto', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      daemon.add('idle', `sleep ${MARK}`);
      writeFileSync(join(daemon.repository, 'broken.yaml'), 'name: broken\nversion: 1.0.0\nunknown: 1\n', {
        mode: 0o644,
      });
      writeFileSync(join(daemon.repository, 'readme.txt'), 'not a manifest', { mode: 0o644 });
      await daemon.start();
      const auto = await daemon.reached('auto', 'running');
      const all = await daemon.client.containers();
      assert.deepEqual(
        all.map(({ id, state }) => [id, state]),
        [
          ['auto:1.0.0', 'running'],
          ['broken.yaml', 'rejected'],
          ['idle:1.0.0', 'stopped'],
        ],
      );
      assert.deepEqual([all[1]?.name, all[1]?.version], ['broken', '1.0.0']);
      assert.ok(all[1]?.errors?.some(({ code, line }) => code === 'TH1102' && line === 3));
      assert.equal(processesWith(MARK).length, 1);
      assert.ok(processesWith(MARK).includes(auto.pid ?? 0));
      await assert.rejects(daemon.client.start('broken.yaml'), { code: 'TH6005' });
      await daemon.signal('SIGTERM');
      assert.deepEqual(processesWith(MARK), []);
    });
  });

  for (const [what, spoil] of [
    [
      'a folder that others may write to',
      (daemon: TestDaemon): void => {
        chmodSync(daemon.repository, 0o777);
      },
    ],
    [
      'a folder that is not there',
      (daemon: TestDaemon): void => {
        chmodSync(daemon.repository, 0o700);
      },
    ],
  ] as const)
    test(`${what} is told of, and the daemon runs`, async () => {
      await trial(async (daemon) => {
        daemon.add('a', 'sleep 1', { autostart: 'relaxed' });
        spoil(daemon);
        const missing = what.includes('not there');
        await daemon.start(missing ? { args: ['--repository', join(daemon.folder.path, 'missing')] } : {});
        const [row, ...others] = await daemon.client.containers();
        assert.deepEqual([row?.id, row?.state, others], [missing ? 'missing' : 'repository', 'rejected', []]);
        assert.equal(row?.errors?.[0]?.code, missing ? 'TH1008' : 'TH5010');
        assert.match(daemon.log, missing ? /TH1008/ : /TH5010/);
      });
    });

  test('a manifest that others may write to is rejected alone', async () => {
    await trial(async (daemon) => {
      chmodSync(daemon.add('open', 'sleep 1'), 0o666);
      daemon.add('good', 'sleep 1');
      await daemon.start();
      const all = await daemon.client.containers();
      assert.deepEqual(
        all.map(({ id, state }) => [id, state]),
        [
          ['good:1.0.0', 'stopped'],
          ['open.yaml', 'rejected'],
        ],
      );
      assert.equal(all[1]?.errors?.[0]?.code, 'TH5010');
    });
  });
});

describe('a container of a daemon', needsRoot(), () => {
  test('is started, stopped, started with other arguments, restarted, killed', async () => {
    await trial(async (daemon) => {
      daemon.add('worker', 'echo "run $0 $COLOUR"; sleep 1000', { env: { COLOUR: 'red' } });
      await daemon.start();
      const { client } = daemon;
      const first = await client.start('worker');
      assert.equal((await daemon.container('worker')).pid, first.pid);
      await assert.rejects(client.start('worker'), { code: 'TH6005' });
      const stopped = await client.stop('worker:1.0.0');
      assert.equal(stopped.exit?.reason, 'stopped');
      assert.ok(isGone(first.pid));
      await assert.rejects(client.stop('worker'), { code: 'TH6005' });
      await client.start('worker', { args: ['-c', 'echo "other $COLOUR"; exec sleep 1000'], env: { COLOUR: 'blue' } });
      const again = await client.restart('worker');
      assert.equal((await daemon.container('worker')).pid, again.pid);
      await client.kill('worker', { signal: 'SIGUSR1' });
      assert.equal((await daemon.reached('worker', 'stopped')).last_exit?.signal, 'SIGUSR1');
      await client.start('worker');
      await client.kill('worker');
      assert.equal((await daemon.container('worker')).state, 'stopped');
      await client.start('worker', { init: '/usr<INIT>' });
      await client.stop('worker');
      const lines = await daemon.lines('worker');
      assert.deepEqual(
        lines.filter((line) => !line.startsWith('- ')),
        ['run /bin/sh red', 'other blue', 'other blue', 'run /bin/sh red', 'run /usr/bin/sh red'],
        'restart keeps the arguments, start does not',
      );
    });
  });

  test('that cannot be started says why, and where in its manifest', async () => {
    await trial(async (daemon) => {
      daemon.add('lost', '', { init: '/nowhere' });
      await daemon.start();
      await assert.rejects(daemon.client.start('lost'), (error: ThubanError) => {
        assert.equal(error.code, 'TH3001');
        assert.equal(error.position?.file, join(daemon.repository, 'lost.yaml'));
        assert.ok(error.position.line > 1);
        return true;
      });
      const { state, last_exit: exit } = await daemon.container('lost');
      assert.deepEqual([state, exit?.reason], ['failed', 'start_failed']);
    });
  });

  test('is restarted as its manifest says, and fails for good at the limit', async () => {
    await trial(async (daemon) => {
      daemon.add('flaky', 'exit 3', {
        autostart: 'relaxed',
        restart: { policy: 'on_failure', initial_delay: 0.05, jitter: 0, max_restarts: 2 },
      });
      await daemon.start();
      const { restarts } = await daemon.reached('flaky', 'failed');
      assert.equal(restarts, 2);
      const events = (await daemon.events()).filter(({ container }) => container === 'flaky:1.0.0');
      const types = events.map(({ type }) => type);
      assert.equal(types.filter((type) => type === 'started').length, 3);
      assert.equal(types.filter((type) => type === 'restarting').length, 2);
      assert.equal((await daemon.client.container('flaky')).message, 'restart limit reached: 3 starts');
      assert.equal(events.find(({ state }) => state === 'failed')?.['code'], 'TH4001');
    });
  });

  test('that writes too fast is told of in the log of the daemon, with the lines that were dropped', async () => {
    await trial(async (daemon) => {
      daemon.add('chatty', 'seq 1 5000; exec sleep 1000', { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('chatty', 'running');
      await until('the log has it', () => /"container":"chatty:1.0.0","lines":\d+,"code":"TH4008"/.test(daemon.log));
    });
  });

  test('that waits to be restarted is started at once when asked, and stopped when asked', async () => {
    await trial(async (daemon) => {
      daemon.add('slow', 'exit 3', { restart: { policy: 'always', initial_delay: 600, jitter: 0, max_delay: 600 } });
      await daemon.start();
      await daemon.client.start('slow');
      const waiting = await daemon.reached('slow', 'backoff');
      assert.ok(Date.parse(waiting.next_start ?? '') > Date.now() + 300_000);
      await daemon.client.start('slow');
      assert.equal((await daemon.reached('slow', 'backoff')).restarts, 1);
      const { exit } = await daemon.client.stop('slow');
      assert.equal(exit?.code, 3);
      assert.equal((await daemon.container('slow')).state, 'stopped');
    });
  });

  test('that is critical ends the daemon with it', async () => {
    await trial(async (daemon) => {
      daemon.add('vital', 'exit 4', { autostart: 'critical' });
      daemon.add('other', `sleep ${MARK}`, { autostart: 'relaxed' });
      daemon.launch();
      assert.deepEqual(await daemon.end(), { code: 3, signal: null });
      assert.match(daemon.log, /the critical container `vital:1.0.0` has ended/);
      assert.deepEqual(processesWith(MARK), []);
    });
  });
});

describe('the end of a daemon', needsRoot(), () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    test(`by ${signal} takes everything with it, in order`, async () => {
      await trial(async (daemon) => {
        daemon.add('a', `trap 'echo bye; exit 0' TERM; sleep ${MARK} & wait`, { autostart: 'relaxed' });
        await daemon.start();
        await daemon.reached('a', 'running');
        await until('it listens', () => processesWith(MARK).length === 1);
        const { launcher } = await daemon.client.version();
        assert.deepEqual(await daemon.signal(signal), { code: 0, signal: null });
        assert.ok(isGone(launcher.pid));
        assert.deepEqual(processesWith(MARK), []);
        assert.deepEqual(readdirSync(join(daemon.runDir, 'state')), []);
        assert.ok(!existsSync(daemon.socket));
      });
    });

  test('by request does the same, and followers of events see it come', async () => {
    await trial(async (daemon) => {
      daemon.add('a', 'sleep 1000', { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('a', 'running');
      const seen: string[] = [];
      const following = (async () => {
        for await (const { type } of daemon.client.events({ follow: true })) seen.push(type);
      })().catch(() => undefined); // the end of the connection is the end of the daemon
      await until('it follows', () => seen.includes('started'));
      await daemon.client.shutdown();
      assert.deepEqual(await daemon.end(), { code: 0, signal: null });
      await following;
      assert.ok(seen.includes('shutdown'));
      assert.ok(seen.includes('exited'));
    });
  });

  test('kills what does not end within the time of the shutdown', async () => {
    await trial(async (daemon) => {
      daemon.add('deaf', `trap '' TERM; sleep ${MARK} & while :; do wait; done`, {
        autostart: 'relaxed',
        stop: { timeout: 600 },
      });
      await daemon.start();
      await until('it sleeps', () => processesWith(MARK).length === 1);
      await daemon.signal('SIGTERM');
      assert.deepEqual(processesWith(MARK), []);
    }, 'shutdown: {timeout: 1 s}\n');
  });
});
