import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(89_400_000 + process.pid);

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

/** It ends by itself, says why, and leaves nothing. */
async function refuses(daemon: TestDaemon, why: RegExp, args: string[] = []): Promise<void> {
  daemon.launch({ args });
  assert.deepEqual(await daemon.end(), { code: 1, signal: null });
  assert.match(daemon.log, why);
}

describe('a run directory', needsRoot(), () => {
  test('with a daemon in it is refused to a second one, which is told who runs there', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('a', 'running');
      const first = daemon.pid;
      const second = daemon.beside();
      await refuses(
        second,
        new RegExp(`error\\[TH7004\\]: a Thuban daemon already runs on ${daemon.runDir} \\(pid ${first}, since`),
      );
      assert.equal((await daemon.container('a')).state, 'running');
      assert.equal(processesWith(MARK).length, 1);
    });
  });

  test('in which two daemons begin at the same moment gets one', async () => {
    await trial(async (daemon) => {
      const second = daemon.beside();
      daemon.launch();
      second.launch();
      await until('one has ended', () => daemon.isDead || second.isDead);
      const [loser, winner] = daemon.isDead ? [daemon, second] : [second, daemon];
      assert.equal((await loser.end()).code, 1);
      assert.match(loser.log, /TH7004/);
      await until('the other is ready', () => winner.log.includes('"ready":true'));
      assert.deepEqual(await winner.signal('SIGTERM'), { code: 0, signal: null });
    });
  });

  for (const [what, make] of [
    [
      'that is a symbolic link',
      (path: string): void => {
        mkdirSync(`${path}-real`);
        symlinkSync(`${path}-real`, path);
      },
    ],
    [
      'that others may write to',
      (path: string): void => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
    ],
    [
      'that is a file',
      (path: string): void => {
        writeFileSync(path, '');
      },
    ],
    ['below a folder that is not there', (): undefined => undefined],
  ] as const)
    test(`${what} is refused`, async () => {
      await trial(async (daemon) => {
        const missing = what.startsWith('below');
        make(daemon.runDir);
        await refuses(daemon, /error\[TH7006\]/, missing ? ['--run-dir', join(daemon.runDir, 'deeper/run')] : []);
      });
    });

  test('that is full costs history, and stops nothing', async () => {
    await trial(async (daemon) => {
      daemon.add(
        'a',
        `i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "line $i of many lines that fill a small disk"; done; exec sleep ${MARK}`,
      );
      daemon.add('b', `exec sleep ${MARK}`);
      mkdirSync(daemon.runDir, { mode: 0o755 });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=755', 'thuban-test-full', daemon.runDir]);
      try {
        await daemon.start();
        await daemon.client.start('a');
        await until('all is written or lost', () => processesWith(MARK).length === 1);
        await daemon.client.start('b');
        await daemon.client.stop('a');
        assert.equal((await daemon.container('b')).state, 'running');
        assert.match(daemon.log, /TH4006/);
        assert.deepEqual(await daemon.signal('SIGTERM'), { code: 0, signal: null });
        assert.deepEqual(processesWith(MARK), []);
      } finally {
        execFileSync('umount', [daemon.runDir]);
      }
    }, 'logs: {size: 256 KiB, files: 3}\n');
  });
});

describe('a console socket that cannot be made', needsRoot(), () => {
  test('ends the daemon, and nothing stays of one that has just begun', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      const path = join(daemon.shared, 'console.sock');
      writeFileSync(path, 'not a socket');
      await refuses(daemon, /error\[TH7005\]/, ['--socket', path]);
      assert.ok(!existsSync(join(daemon.runDir, 'launcher')));
    });
  });

  test('leaves what an earlier daemon left to the next one', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`);
      await daemon.start();
      const { pid } = await daemon.client.start('a');
      await daemon.signal('SIGKILL');
      const path = join(daemon.shared, 'console.sock');
      writeFileSync(path, 'not a socket');
      await refuses(daemon, /error\[TH7005\]/, ['--socket', path]);
      await daemon.start();
      assert.equal((await daemon.container('a')).pid, pid);
    });
  });
});

describe('a state file', needsRoot(), () => {
  test('that was damaged is set aside, and its container is adopted all the same', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`);
      await daemon.start();
      const { pid } = await daemon.client.start('a');
      await daemon.signal('SIGKILL');
      const state = join(daemon.runDir, 'state');
      for (const name of readdirSync(state)) writeFileSync(join(state, name), '{"v":1,');
      await daemon.start();
      const { state: now, pid: adopted } = await daemon.container('a');
      assert.deepEqual([now, adopted], ['running', pid]);
      assert.match(daemon.log, /TH7008/);
      assert.ok(readdirSync(state).some((name) => name.endsWith('.bad')));
    });
  });
});

describe('a configuration', needsRoot(), () => {
  for (const [what, config, why] of [
    [
      'with an unknown key',
      'run_dirr: /run/x\n',
      /thuban\.yaml:1:1: error TH1102: unknown key `run_dirr`.*did you mean `run_dir`/,
    ],
    [
      'with a group that does not exist',
      'console: {sockets: [{path: /tmp/thuban-x.sock, group: no-such-group}]}\n',
      /TH7003.*no-such-group/,
    ],
    ['with a part that is still to come', 'metrics: {socket: /run/metrics.sock}\n', /TH1107/],
  ] as const)
    test(`${what} is refused before anything is made`, async () => {
      await trial(async (daemon) => {
        await refuses(daemon, why);
        assert.ok(!existsSync(daemon.runDir));
      }, config);
    });
});

describe('the console of a real daemon', needsRoot(), () => {
  test('answers every route, without ever making code from text', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', `echo hello; exec sleep ${MARK}`);
      await daemon.start(); // with --disallow-code-generation-from-strings
      const { client } = daemon;
      assert.equal((await client.version()).pid, daemon.pid);
      await client.start('a', { env: { A: '1' } });
      await until('it has written', () => daemon.hasLog('a', 'hello'));
      assert.deepEqual(await daemon.lines('a'), ['hello']);
      const usage = (await client.containers({ usage: true }))[0]?.usage;
      assert.ok((usage?.memory ?? 0) > 0 && (usage?.cpu_us ?? 0) > 0 && usage?.pids === 1);
      const detail = await client.container('a');
      const lines = readFileSync(file, 'utf8').split('\n');
      assert.equal(detail.lines?.['init'], 1 + lines.findIndex((line) => line.includes('"init"')));
      assert.deepEqual(detail.command?.slice(0, 2), ['/bin/sh', '-c']);
      assert.ok(detail.history.some(({ type }) => type === 'started'));
      await client.restart('a');
      await client.kill('a', { signal: 'SIGUSR1' });
      await daemon.reached('a', 'stopped');
      await client.start('a');
      await client.stop('a', { timeout: 1 });
      await assert.rejects(client.kill('a', { signal: 'SIGHUPP' }), { code: 'TH6012' });
      await assert.rejects(client.container('b'), { code: 'TH6003' });
      await assert.rejects(client.container('a:2.0.0'), { code: 'TH6003' });
      assert.ok((await daemon.events()).length > 5);
      await client.shutdown({ keep: true });
      assert.deepEqual(await daemon.end(), { code: 0, signal: null });
      await daemon.start();
      assert.equal((await daemon.container('a')).state, 'stopped');
    });
  });

  test('survives garbage', async () => {
    await trial(async (daemon) => {
      await daemon.start();
      for (const bytes of ['\0\0\0\0', '{"a":1}\n', 'GET / HTTP/9.9\r\n\r\n', 'x'.repeat(100_000)]) {
        const socket = createConnection(daemon.socket);
        socket.on('error', () => undefined); // it is closed under our hands
        socket.end(bytes);
        await new Promise((resolve) => socket.once('close', resolve).resume());
      }
      assert.equal((await daemon.client.version()).pid, daemon.pid);
    });
  });
});
