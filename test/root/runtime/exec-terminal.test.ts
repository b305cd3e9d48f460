import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { shell } from '../../support/containers.ts';
import { inContainer, type Begun } from '../../support/execution.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

const SLEEPS = 'exec sleep 1000';
const tty = { rows: 24, columns: 80 };
const CTRL_C = '\x03';
const CTRL_Z = '\x1a';

const type = ({ execution }: Begun, text: string): void => {
  execution.write(Buffer.from(text), () => undefined);
};

describe('a terminal in a running container', needsRoot(), () => {
  test('is the program’s controlling terminal, its user’s own, of the size that was asked for', async () => {
    await inContainer(shell(SLEEPS), async ({ exec }) => {
      const script =
        'stty size; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; : > /dev/tty && echo own; stat -Lc %u /proc/self/fd/0';
      const { stdout, stderr, code } = await exec(['sh', '-c', script], { tty: { rows: 33, columns: 111 } });
      assert.deepEqual(stdout.split('\r\n'), ['33 111', 'all', 'own', '1000', '']);
      assert.deepEqual([stderr, code], ['', 0]);
    });
  });

  test('tells a program that its size has changed', async () => {
    await inContainer(shell(SLEEPS), async ({ begin }) => {
      const begun = await begin(
        ['sh', '-c', 'trap "stty size; exit 4" WINCH; echo ready; while :; do sleep 0.05; done'],
        { tty },
      );
      await begun.output.saw('ready');
      assert.equal(await begun.execution.resize({ rows: 50, columns: 132 }), true);
      assert.equal((await begun.ended).code, 4);
      assert.match(begun.output.text.stdout, /50 132/);
      assert.equal(await begun.execution.resize(tty), false);
    });
  });

  test('makes a signal of Ctrl-C, for the job in the foreground, and stops one at Ctrl-Z', async () => {
    await inContainer(shell(SLEEPS), async ({ begin }) => {
      const begun = await begin(['sh', '-i'], { tty, stdin: true, env: { PS1: 'now> ', ENV: '' } });
      const { output } = begun;
      await output.saw('now> ');
      type(begun, 'sleep 1000\n');
      await until('it sleeps', () => output.text.stdout.includes('sleep 1000\r\n'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      type(begun, CTRL_C);
      await new Promise((resolve) => setTimeout(resolve, 300));
      type(begun, 'echo code $?\n');
      await output.saw('code 130');
      type(begun, 'sleep 1001\n');
      await new Promise((resolve) => setTimeout(resolve, 300));
      type(begun, CTRL_Z);
      await output.saw('Stopped');
      type(begun, 'fg\n');
      await new Promise((resolve) => setTimeout(resolve, 300));
      type(begun, CTRL_C);
      await new Promise((resolve) => setTimeout(resolve, 300));
      type(begun, 'exit 5\n');
      assert.equal((await begun.ended).code, 5);
    });
  });

  test('passes 10 MiB on, to the last byte that was written before the end', async () => {
    await inContainer(shell(SLEEPS), async ({ exec }) => {
      const { stdout, code } = await exec(
        ['sh', '-c', 'stty -opost; head -c 10485760 /dev/zero | tr "\\\\0" x; printf end'],
        { tty },
      );
      assert.equal(code, 0);
      assert.equal(stdout.length, 10 * 1024 * 1024 + 3);
      assert.ok(stdout.endsWith('xend'));
    });
  });

  test('ends its input as Ctrl-D does, also in the middle of a line', async () => {
    await inContainer(shell(SLEEPS), async ({ exec }) => {
      for (const text of ['', 'a line\n', 'no end of a line']) {
        const { stdout, code } = await exec(['sh', '-c', 'stty -echo; cat | od -An -c | wc -l; exit 6'], { tty }, text);
        assert.equal(code, 6, JSON.stringify(stdout));
      }
    });
  });

  test('outlives nobody: who stays behind in the background is hung up', async () => {
    await inContainer(shell(SLEEPS), async ({ exec, supervised }) => {
      const { stdout, code } = await exec(['sh', '-c', 'sleep 4711 & echo $!'], { tty });
      assert.equal(code, 0);
      const root = `/proc/${supervised.container?.started.program}/root`;
      await until('it has gone', () => {
        try {
          readFileSync(`${root}/proc/${stdout.trim()}/stat`);
          return false;
        } catch {
          return true;
        }
      });
    });
  });

  test('is of the container’s own /dev/pts, where it has one', async (t) => {
    await inContainer(shell(SLEEPS), async ({ exec }) => {
      const { stdout, code } = await exec(['sh', '-c', '[ -e /dev/pts/ptmx ] || exit 9; tty'], { tty });
      if (code === 9) t.skip('a private /dev has no pts here');
      else assert.match(stdout, /^\/dev\/pts\/\d+\r\n$/);
    });
  });

  test('that is closed ends the program with a hang-up', async () => {
    await inContainer(shell(SLEEPS), async ({ begin }) => {
      const begun = await begin(['sh', '-c', 'echo ready; exec sleep 1000'], { tty, stdin: true });
      await begun.output.saw('ready');
      await begun.execution.abandon();
      assert.equal((await begun.ended).signal, 'SIGHUP');
    });
  });
});
