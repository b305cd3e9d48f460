import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { BUNDLE, Cli } from '../../support/cli.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { descriptorsOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

const MARK = String(88_500_000 + process.pid);
const SLEEPS = 'exec sleep 1000';

async function trial(body: (daemon: TestDaemon, exec: (...args: string[]) => Cli) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon('daemon: {lease: 10 min}\n');
    const env = { ...process.env, THUBAN_SOCKET: daemon.socket };
    daemon.add('app', SLEEPS);
    await daemon.start();
    await daemon.client.start('app');
    await body(daemon, (...args) => new Cli(['exec', ...args], { env }));
  });
}

/** The command in a terminal of its own, as a person has it: script(1) makes one. What follows is the state that it left the terminal in. */
function inTerminal(daemon: TestDaemon, command: string): ReturnType<typeof spawn> {
  const env = { ...process.env, THUBAN_SOCKET: daemon.socket, TERM: 'vt100', SHELL: '/bin/sh' };
  const line = `stty rows 41 cols 133; ${process.execPath} ${BUNDLE} ${command}; echo "left $?"; stty -a | grep -o -- "-\\?icanon"`;
  return spawn('script', ['-qec', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
}

describe('exec', needsRoot(), () => {
  test('has the exit codes, streams and refusals that scripts rely on', async () => {
    await trial(async (daemon, exec) => {
      const end = (...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
        exec(...args).ended;
      const done = await end('app', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
      assert.deepEqual([done.code, done.stdout, done.stderr], [7, 'out\n', 'err\n']);
      assert.equal((await end('app', '--', 'sh', '-c', 'kill -9 $$')).code, 137);
      const missing = await end('app', '--', 'nosuch');
      assert.deepEqual([missing.code, missing.stdout], [127, '']);
      assert.match(missing.stderr, /^error\[TH3001\]: there is no `nosuch` in /);
      assert.equal((await end('app', '--', '/usr/lib/os-release')).code, 126);
      assert.equal((await end('nobody', '--', 'true')).code, 125);
      assert.equal(
        (await end('app', '-e', 'A=b c', '-w', '/usr', '--', 'sh', '-c', '[ "$A$PWD" = "b c/usr" ]')).code,
        0,
      );
      for (const args of [['app'], ['app', '--'], ['app', '--json', '--', 'true'], ['app', '-e', 'A', '--', 'true']])
        assert.equal((await end(...args)).code, 2, args.join(' '));
      await daemon.client.pause('app');
      const paused = await end('app', '--', 'true');
      assert.deepEqual([paused.code, paused.stderr.includes('hint: thuban resume app')], [125, true], paused.stderr);
      await daemon.client.resume('app');
      await daemon.client.stop('app');
      const stopped = await end('app', '--', 'true');
      assert.deepEqual([stopped.code, stopped.stderr.includes('error[TH6005]: `app:1.0.0` is stopped')], [125, true]);
    });
  });

  test('carries 10 MiB in and out without a change', async () => {
    await trial(async (daemon) => {
      const bytes = randomBytes(10 * 1024 * 1024);
      const env = { ...process.env, THUBAN_SOCKET: daemon.socket };
      const cli = spawn(process.execPath, [BUNDLE, 'exec', '-i', 'app', '--', 'cat'], { env, stdio: 'pipe' });
      const hash = createHash('sha256');
      let size = 0;
      cli.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        hash.update(chunk);
      });
      const ended = new Promise((resolve) => cli.once('close', resolve));
      cli.stdin.end(bytes);
      assert.equal(await ended, 0);
      assert.equal(size, bytes.length);
      assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    });
  });

  test('ends with its program although somebody could still type', async () => {
    await trial(async (_daemon, exec) => {
      const cli = exec('-i', 'app', '--', 'head', '-n', '1');
      cli.process.stdin?.write('one\ntwo\n');
      const { code, stdout } = await cli.ended;
      assert.deepEqual([code, stdout], [0, 'one\n']);
    });
  });

  test('passes signals on', async () => {
    await trial(async (_daemon, exec) => {
      for (const [signal, code] of [
        ['SIGTERM', 21],
        ['SIGINT', 22],
      ] as const) {
        const cli = exec(
          'app',
          '--',
          'sh',
          '-c',
          'trap "exit 21" TERM; trap "exit 22" INT; echo ready; while :; do sleep 0.05; done',
        );
        await cli.saw('ready');
        cli.signal(signal);
        assert.equal((await cli.ended).code, code);
      }
    });
  });

  test('whose client is killed is hung up', async () => {
    await trial(async (_daemon, exec) => {
      const cli = exec('app', '--', 'sh', '-c', `echo ready; exec sleep ${MARK}`);
      await cli.saw('ready');
      assert.equal(processesWith(MARK).length > 0, true);
      cli.signal('SIGKILL');
      await until('its program has gone', () => processesWith(MARK).length === 0);
    });
  });

  test('ends with the container', async () => {
    await trial(async (daemon, exec) => {
      const cli = exec('app', '--', 'sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1; done');
      await cli.saw('ready');
      await daemon.client.kill('app');
      assert.equal((await cli.ended).code, 137);
    });
  });

  test('ends with its daemon: the next one kills what is left, and keeps the container', async () => {
    await trial(async (daemon, exec) => {
      for (const how of ['SIGKILL', 'SIGUSR2'] as const) {
        const { pid } = await daemon.container('app');
        const cli = exec('app', '--', 'sh', '-c', `trap "" HUP; echo ready; exec sleep ${MARK}`);
        await cli.saw('ready');
        await daemon.signal(how);
        const { code, stderr } = await cli.ended;
        assert.deepEqual([code, stderr.includes('error[TH6001]')], [125, true]);
        assert.equal(processesWith(MARK).length > 0, true);
        await daemon.start();
        await until('its program has gone', () => processesWith(MARK).length === 0);
        assert.equal((await daemon.container('app')).pid, pid);
      }
    });
  });

  test('with a terminal is one screen with that of the person, which is as it was afterwards', async (t) => {
    if (spawnSync('script', ['--version']).status !== 0) {
      t.skip('needs script(1) of util-linux');
      return;
    }
    await trial(async (daemon) => {
      const screen = inTerminal(daemon, "exec -it -e PS1='now> ' app -- sh -i");
      let text = '';
      screen.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      const ended = new Promise((resolve) => screen.once('close', resolve));
      const saw = (what: string): Promise<void> => until(`"${what}" in ${text}`, () => text.includes(what));
      await saw('now> ');
      screen.stdin?.write('stty size; echo "kind $TERM"\r');
      await saw('41 133');
      await saw('kind vt100');
      screen.stdin?.write('sleep 1000\r');
      await saw('sleep 1000\r\n');
      await new Promise((resolve) => setTimeout(resolve, 300));
      screen.stdin?.write('\x03');
      await new Promise((resolve) => setTimeout(resolve, 300));
      screen.stdin?.write('echo "code $?"\r');
      await saw('code 130');
      screen.stdin?.write('exit 9\r');
      await saw('left 9');
      await saw('\nicanon');
      screen.stdin?.end();
      await ended;
    });
  });

  test('fifty times leaves no descriptor in daemon and launcher', async () => {
    await trial(async (daemon) => {
      const launcher = (await daemon.client.version()).launcher.pid;
      const once = async (): Promise<void> => {
        const program = await daemon.client.exec('app', { args: ['cat'], stdin: true }, () => undefined);
        await program.write(Buffer.from('x'));
        program.endInput();
        assert.equal((await program.ended).code, 0);
      };
      await once();
      const count = (): number[] => [launcher, daemon.pid].map((pid) => Object.keys(descriptorsOf(pid)).length);
      const before = count();
      for (let i = 0; i < 50; i++) await once();
      await until('all are closed', () => count().every((n, i) => n <= (before[i] ?? 0)));
      assert.ok(readdirSync(daemon.runDir).length > 0);
    });
  });
});
