import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { routes } from '../../../src/console/routes.ts';
import { asking, haveAsked, hear, needsRootAndPerl } from '../../support/asking.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { requestFor } from '../../unit/console/support.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(86_300_000 + process.pid);

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

const consolesOf = (daemon: TestDaemon): string[] => readdirSync(join(daemon.runDir, 'consoles'));

async function ready(daemon: TestDaemon, name: string): Promise<number> {
  const { pid } = await daemon.client.start(name);
  await until('it listens to us', () => daemon.hasLog(name, 'ready'));
  return pid;
}

describe('the console of a container', needsRootAndPerl(), () => {
  test('answers over its socket and over the open descriptor, and knows who asks', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, ['ident', 'list']));
      await daemon.start();
      const pid = await ready(daemon, 'asks');
      const who = '200 {"id":"asks:1.0.0","name":"asks","version":"1.0.0","permissions":["ident","list"]}';
      for (const how of ['socket', 'fd', 'fd'] as const)
        assert.equal(await hear(daemon, 'asks', how, 'GET', '/v1/ident'), who);
      assert.match(await hear(daemon, 'asks', 'fd', 'GET', '/v1/containers'), /^200 \[\{/);
      assert.equal((await hear(daemon, 'asks', 'fd', 'GET', '/v1/containers/asks')).slice(0, 18), '403 TH6002 inspect');
      assert.deepEqual(consolesOf(daemon), ['asks:1.0.0']);
      const inside = join('/proc', String(pid), 'root/run/thuban');
      assert.deepEqual(readdirSync(inside), ['console.sock']);
      const { uid, gid, mode } = statSync(join(inside, 'console.sock'));
      assert.deepEqual([uid, gid, mode & 0o7777], [1000, 1000, 0o600]);
      assert.equal(statSync(join(daemon.runDir, 'consoles')).mode & 0o7777, 0o700);
      await daemon.client.stop('asks');
      await until('nothing is left of it', () => consolesOf(daemon).length === 0);
    });
  });

  test('denies each request that its manifest does not list', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, []));
      await daemon.start();
      await ready(daemon, 'asks');
      for (const route of routes) {
        const { path, asked } = requestFor(route, 'asks');
        const body = route.hasBody ? String(asked.body) : '';
        const heard = await hear(daemon, 'asks', 'socket', route.method, path, body);
        const expected = route.permission === null ? '200 {"' : `403 TH6002 ${route.permission} {"`;
        assert.equal(heard.slice(0, expected.length), expected, `${route.method} ${path}`);
      }
    });
  });

  test('starts others as their manifests say with `start`, and otherwise only with `start_command`', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, ['start', 'notifications']));
      daemon.add('commands', '', asking(daemon, ['start_command']));
      daemon.add('other', 'echo "$0"');
      await daemon.start();
      await ready(daemon, 'asks');
      const start = '/v1/containers/other/start';
      const args = '{"args":["-c","echo told"]}';
      assert.match(await hear(daemon, 'asks', 'fd', 'POST', start, '{}'), /^200 /);
      await daemon.reached('other', 'stopped');
      assert.match(await hear(daemon, 'asks', 'fd', 'POST', start, args), /^403 TH6002 start_command /);
      // Northstar's word for it.
      assert.match(await hear(daemon, 'asks', 'socket', 'GET', '/v1/events'), /^200 /);
      await daemon.client.stop('asks');
      await ready(daemon, 'commands');
      assert.match(await hear(daemon, 'commands', 'fd', 'POST', start, '{}'), /^403 TH6002 start /);
      assert.match(await hear(daemon, 'commands', 'fd', 'POST', start, args), /^200 /);
      await daemon.reached('other', 'stopped');
      assert.ok((await daemon.lines('other')).includes('told'));
    });
  });

  test('is not there for a container that wants none, and not for another user in one', async () => {
    await trial(async (daemon) => {
      daemon.add('none', 'ls -d /run/thuban; echo "${THUBAN_CONSOLE-unset} ${NORTHSTAR_CONSOLE-unset}"');
      daemon.add('asks', '', asking(daemon, 'full'));
      await daemon.start();
      await daemon.client.start('none');
      await daemon.reached('none', 'stopped');
      const lines = await daemon.lines('none');
      assert.ok(lines.includes('unset unset') && lines.some((line) => line.includes('No such file')), lines.join('\n'));
      const pid = await ready(daemon, 'asks');
      assert.match(await hear(daemon, 'asks', 'socket', 'GET', '/v1/ident'), /"permissions":"full"/);
      const script = `$) = $( = 1001; $> = $< = 1001; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un($ARGV[0])) or print $!`;
      const socket = `/proc/${pid}/root/run/thuban/console.sock`;
      assert.equal(
        spawnSync('perl', ['-MSocket', '-e', script, socket], { encoding: 'utf8' }).stdout,
        'Permission denied',
      );
    });
  });

  test('works again, in the same place, when another daemon goes on with the container', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, ['ident']));
      await daemon.start();
      const pid = await ready(daemon, 'asks');
      const ask = (how: 'socket' | 'fd'): Promise<string> => hear(daemon, 'asks', how, 'GET', '/v1/ident');
      for (const end of ['SIGKILL', 'SIGUSR2'] as const) {
        await daemon.signal(end);
        await daemon.start();
        await until('it is answered', async () => (await ask('socket')).startsWith('200 {"id":"asks:1.0.0"'));
      }
      assert.match(await ask('fd'), /^(closed|write: Broken pipe|read: Connection reset)/);
      assert.equal((await daemon.container('asks')).pid, pid);
      assert.match(await hear(daemon, 'asks', 'socket', 'GET', '/v1/containers'), /^403 TH6002 list/);
      await daemon.client.stop('asks');
      await until('nothing is left of it', () => consolesOf(daemon).length === 0);
    });
  });

  test('is made once more when its daemon dies before the start', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, ['ident']));
      await daemon.start({ failpoint: 'start.console:1' });
      await daemon.client.start('asks').catch(() => undefined);
      assert.equal((await daemon.end()).signal, 'SIGKILL');
      await daemon.start();
      await daemon.reached('asks', 'running');
      await until('it listens to us', () => daemon.hasLog('asks', 'ready'));
      assert.match(await hear(daemon, 'asks', 'fd', 'GET', '/v1/ident'), /^200 /);
      assert.deepEqual(consolesOf(daemon), ['asks:1.0.0']);
    });
  });

  test('is swept when its container ended without a daemon, and removed when the lease ends', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, ['ident']));
      await daemon.start();
      const { launcher } = await daemon.client.version();
      await ready(daemon, 'asks');
      await daemon.signal('SIGKILL');
      assert.deepEqual(consolesOf(daemon), ['asks:1.0.0']);
      await until('the lease is over', () => isGone(launcher.pid));
      assert.deepEqual(consolesOf(daemon), []);
      for (const name of ['left:1.0.0', '~0123456789abcdef']) mkdirSync(join(daemon.runDir, 'consoles', name));
      await daemon.start();
      assert.deepEqual(consolesOf(daemon), []);
    }, 'daemon: {lease: 1 s}\n');
  });

  test('of a container with a long name has a short place', async () => {
    await trial(async (daemon) => {
      const name = `n${'o'.repeat(150)}`;
      daemon.add(name, '', asking(daemon, ['ident']));
      await daemon.start();
      await ready(daemon, name);
      assert.match(await hear(daemon, name, 'socket', 'GET', '/v1/ident'), new RegExp(`^200 \\{"id":"${name}:1.0.0"`));
      assert.match(consolesOf(daemon).join(' '), /^~[0-9a-f]{16}$/);
    });
  });

  test('lets a container stop itself, and is there for its next run', async () => {
    await trial(async (daemon) => {
      daemon.add('asks', '', asking(daemon, ['restart', 'ident']));
      await daemon.start();
      const before = await ready(daemon, 'asks');
      // Whoever asked is gone when the answer comes.
      haveAsked(daemon, 'fd', 'POST', '/v1/containers/asks/restart', '{}');
      await until('it is another run', async () => {
        const { pid, state } = await daemon.container('asks');
        return state === 'running' && pid !== before;
      });
      await until(
        'it listens to us',
        async () => (await daemon.lines('asks')).filter((line) => line === 'ready').length === 2,
      );
      assert.match(await hear(daemon, 'asks', 'fd', 'GET', '/v1/ident'), /^200 /);
      assert.match(await hear(daemon, 'asks', 'socket', 'GET', '/v1/ident'), /^200 /);
    });
  });
});

describe('sockets of manifests', needsRootAndPerl(), () => {
  test('are told by inspect, stay while daemons come and go, and are swept when nobody holds them', async () => {
    await trial(async (daemon) => {
      const folder = join(daemon.runDir, 'sockets');
      daemon.add('offers', `exec sleep ${MARK}`, { sockets: { a: { type: 'stream', mode: 0o600 } } });
      await daemon.start();
      const { launcher } = await daemon.client.version();
      await daemon.client.start('offers');
      const path = join(folder, 'offers:1.0.0:a');
      assert.deepEqual((await daemon.client.container('offers')).sockets, [{ name: 'a', type: 'stream', path }]);
      const { ino } = statSync(path);
      await daemon.signal('SIGKILL');
      await daemon.start();
      await daemon.reached('offers', 'running');
      assert.equal(statSync(path).ino, ino);
      await daemon.signal('SIGKILL');
      process.kill(launcher.pid, 'SIGKILL');
      await until('all has ended', () => isGone(launcher.pid) && processesWith(MARK).length === 0);
      assert.ok(existsSync(path), 'nobody was there to remove it');
      await daemon.start();
      assert.deepEqual(readdirSync(folder), []);
    });
  });
});

describe('the run directory of a daemon', needsRootAndPerl(), () => {
  test('is out of reach and works also when it is named through a symbolic link', async () => {
    await trial(async (daemon) => {
      const { path } = daemon.folder;
      symlinkSync(path, join(path, 'link'));
      daemon.add('asks', '', asking(daemon, ['ident']));
      daemon.add('looks', `sleep ${MARK}`, { mounts: { '/mnt': { type: 'bind', host: join(path, 'run') } } });
      daemon.add('offers', 'sleep 0', { sockets: { a: { type: 'stream', mode: 0o600 } } });
      await daemon.start({ args: ['--run-dir', join(path, 'link/run')] });
      await assert.rejects(daemon.client.start('looks'), /TH1211|run directory/);
      assert.deepEqual(processesWith(MARK), []);
      await daemon.client.start('offers');
      await ready(daemon, 'asks');
      assert.match(await hear(daemon, 'asks', 'fd', 'GET', '/v1/ident'), /^200 /);
      assert.ok(existsSync(join(path, 'run/consoles/asks:1.0.0/console.sock')));
    });
  });
});
