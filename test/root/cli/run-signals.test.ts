import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { BUNDLE, Cli, manifestFile, type CliEnd } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { childrenOf, processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Marks the sleepers of these tests among all processes of the machine. */
const MARK = String(63_072_000 + process.pid);
const STUBBORN = "trap 'echo asked' TERM; trap 'echo interrupted' INT; echo ready; while :; do sleep 0.05; done";
/** Starts again at once, so that a signal that was not heard is seen. */
const FOREVER = {
  policy: 'always' as const,
  initial_delay: 0.05,
  max_delay: 0.05,
  multiplier: 1,
  jitter: 0,
  reset_after: 600,
  max_restarts: 'unlimited' as const,
};
const NEVER = { signal: 'SIGTERM', timeout: 600 };

async function when(
  script: string,
  sections: Partial<Manifest>,
  act: (cli: Cli) => void | Promise<void>,
): Promise<CliEnd> {
  let end: CliEnd | undefined;
  await leavesNothingBehind(async () => {
    using folder = temporaryFolder();
    using cli = new Cli(['run', manifestFile(folder.path, script, sections)]);
    await cli.saw('ready');
    await act(cli);
    end = await cli.ended;
  });
  assert.ok(end);
  return end;
}

describe('a signal to thuban run', needsRoot(), () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    test(`${signal} stops gracefully, and does not reach the program itself`, async () => {
      const script =
        "trap 'echo asked; exit 4' TERM; trap 'echo wrong; exit 5' INT HUP; echo ready; while :; do sleep 0.05; done";
      const end = await when(script, { stop: NEVER }, (cli) => {
        cli.signal(signal);
      });
      assert.deepEqual([end.code, end.stdout], [4, 'ready\nasked\n']);
      assert.match(end.stderr, new RegExp(`${signal}: stopping test:1.0.0, it is killed in 10 min`));
      assert.match(end.stderr, new RegExp(`stopped on ${signal}, code 4`));
    });

  test('before the container is started ends without starting it, and leaves nothing', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      using cli = new Cli(['run', manifestFile(folder.path, 'echo ready', { restart: FOREVER })]);
      await until('the launcher is made', () => childrenOf(cli.process.pid ?? 0).length > 0);
      cli.signal('SIGINT');
      const end = await cli.ended;
      assert.equal(end.signal, null);
      assert.ok([130, 143, 0].includes(end.code ?? -1), JSON.stringify(end));
    });
  });

  test('the second one kills', async () => {
    const end = await when(STUBBORN, { stop: NEVER }, async (cli) => {
      cli.signal('SIGINT');
      await cli.saw('asked');
      cli.signal('SIGINT');
    });
    assert.deepEqual([end.code, end.stdout], [137, 'ready\nasked\n']);
  });

  test('ends the wait for a restart', async () => {
    const restart = {
      policy: 'always' as const,
      initial_delay: 600,
      max_delay: 600,
      multiplier: 1,
      jitter: 0,
      reset_after: 600,
      max_restarts: 5,
    };
    const end = await when('echo ready; exit 6', { restart }, async (cli) => {
      await cli.saw('restart 1 of 5');
      cli.signal('SIGTERM');
    });
    assert.equal(end.code, 6);
  });

  // Between any two of its steps, above all between making a group and starting the program in it.
  test('SIGKILL at any moment of a start leaves nothing', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const memory = { memory_hard_limit: 64 * 1024 * 1024, memory_swap_limit: 64 * 1024 * 1024 };
      const file = manifestFile(folder.path, 'echo ready; sleep 60', { cgroups: { memory } });
      const started = performance.now();
      using first = new Cli(['run', file]);
      await first.saw('ready');
      const whole = performance.now() - started;
      const step = whole < 1000 ? 0.03 : 0.1; // an emulated machine takes seconds for each
      first.signal('SIGKILL');
      await first.ended;
      for (let part = 0.2; part < 1.1; part += step) {
        using cli = new Cli(['run', file]);
        await new Promise((done) => setTimeout(done, whole * part));
        cli.signal('SIGKILL');
        await cli.ended;
      }
    });
  });

  test('SIGKILL: the launcher sees it and removes everything', async () => {
    const script = `trap '' TERM INT HUP; sleep ${MARK} & setsid sleep ${MARK} & echo ready; wait`;
    const end = await when(script, { cgroups: { pids: { limit: 20 } }, stop: NEVER }, async (cli) => {
      await until('the sleepers run', () => processesWith(MARK).length === 2);
      cli.process.kill('SIGKILL');
    });
    assert.deepEqual([end.code, end.signal], [null, 'SIGKILL']);
    await until('the sleepers are gone', () => processesWith(MARK).length === 0);
  });
});

/** A shell's pipe: `thuban run FILE | READER`. */
async function piped(file: string, reader: string): Promise<string> {
  const line = `'${process.execPath}' '${BUNDLE}' run '${file}' | ${reader}`;
  const pipeline = spawn('/bin/bash', ['-c', `${line}; echo "codes \${PIPESTATUS[*]}"`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  pipeline.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(pipeline, 'close');
  return text;
}

describe('the output of thuban run in a pipe', needsRoot(), () => {
  test('is complete, however slow the reader', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const file = manifestFile(folder.path, 'head -c 3000000 /dev/zero; exit 3');
      assert.equal(await piped(file, 'wc -c'), '3000000\ncodes 3 0\n');
      // More than two pipes hold, and the reader begins long after the end of the program.
      const late = manifestFile(folder.path, 'head -c 120000 /dev/zero; exit 3');
      assert.equal(await piped(late, '(sleep 4; wc -c)'), '120000\ncodes 3 0\n');
    });
  });

  test('closed by its reader, ends the container', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const file = manifestFile(folder.path, "trap '' TERM; while :; do echo line; done", { stop: NEVER });
      assert.match(await piped(file, 'head -1'), /^line\ncodes \d+ 0\n$/);
    });
  });

  test('that nobody reads stops neither Ctrl-C nor the end', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const pipe = `${folder.path}/pipe`;
      assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(pipe, constants.O_WRONLY);
      try {
        const file = manifestFile(folder.path, 'while :; do echo line; done');
        using cli = new Cli(['run', file], { stdio: ['ignore', writer, 'pipe'] });
        const program = (): number | undefined => processesWith('while :; do echo line; done')[0];
        await until('the program waits for its reader', () => isAsleepIn(program(), 'pipe'));
        cli.signal('SIGINT');
        const end = await cli.ended;
        assert.equal(end.code, 143, end.stderr);
      } finally {
        closeSync(reader);
        closeSync(writer);
      }
    });
  });
});

/** Whether the kernel function that a process sleeps in has that word in its name. */
function isAsleepIn(pid: number | undefined, word: string): boolean {
  if (pid === undefined) return false;
  try {
    return readFileSync(`/proc/${pid}/wchan`, 'utf8').includes(word);
  } catch {
    return false; // it has just ended
  }
}
