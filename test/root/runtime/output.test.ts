import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Session, type OutputSink } from '../../../src/runtime/index.ts';
import { runIn, runToEnd, shell } from '../../support/containers.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

const FLOOD = 50_000_000;
/** Fits into a pipe that nobody reads. */
const PIPEFUL = 60_000;
/** The runtime gives the output two seconds after the end of the program. */
const LONGER_THAN_GRACE_MS = 2500;

/** Takes one chunk at a time, and counts what comes although it has asked to wait. */
class SlowReader implements OutputSink {
  bytes = 0;
  uninvited = 0;
  memory = 0;
  #busy = false;

  write(_stream: unknown, chunk: Buffer): boolean {
    if (this.#busy) this.uninvited += chunk.length;
    this.bytes += chunk.length;
    this.memory = Math.max(this.memory, process.memoryUsage().rss);
    this.#busy = true;
    return false;
  }

  async drained(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#busy = false;
  }
}

/** Takes the first chunk, and no more until it is opened. */
class ClosedGate implements OutputSink {
  bytes = 0;
  open!: () => void;
  readonly waits: Promise<void>;
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
  #asked!: () => void;

  constructor() {
    this.waits = new Promise((resolve) => {
      this.#asked = resolve;
    });
  }

  write(_stream: unknown, chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return false;
  }

  drained(): Promise<void> {
    this.#asked();
    return this.#opened;
  }
}

describe('the output of a program', needsRoot(), () => {
  test('is complete to the last byte, also without an end of line, although the program has ended by then', async () => {
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      for (let round = 0; round < 30; round++) {
        const { stdout, stderr, exit } = await runIn(
          session,
          shell(`printf 'line\\nno end ${round}'; printf 'nor here' >&2; exit 3`),
        );
        assert.deepEqual([stdout, stderr, exit.code], [`line\nno end ${round}`, 'nor here', 3]);
      }
    });
  });

  test('a pipe full of it is read after the end of the program', async () => {
    await leavesNothingBehind(async () => {
      const { stdout, exit } = await runToEnd(shell('head -c 60000 /dev/zero; kill -9 $$'));
      assert.deepEqual([stdout.length, exit.signal], [60000, 'SIGKILL']);
    });
  });

  test('50 MB of it for a slow reader are complete and do not fill our memory', async () => {
    await leavesNothingBehind(async () => {
      const output = new SlowReader();
      const before = process.memoryUsage().rss;
      const { exit } = await runToEnd(shell(`head -c ${FLOOD} /dev/zero`), { output });
      assert.deepEqual([exit.reason, exit.code], ['exited', 0]);
      assert.equal(output.bytes, FLOOD);
      assert.equal(output.uninvited, 0, 'the reader was not waited for');
      assert.ok(output.memory - before < 40_000_000, `${output.memory - before} bytes more memory`);
    });
  });

  for (const stopped of [false, true])
    test(`waits for a reader after the end of the program, ${stopped ? 'but not when it is stopped' : 'however long'}`, async () => {
      await leavesNothingBehind(async () => {
        const output = new ClosedGate();
        const script = `trap go=1 USR1; printf 0123456789; while [ -z "$go" ]; do sleep 0.05; done; head -c ${PIPEFUL} /dev/zero`;
        const { exit } = await runToEnd(shell(script), {
          output,
          whenRunning: async (supervised) => {
            const program = supervised.status.pid ?? 0;
            await output.waits;
            process.kill(program, 'SIGUSR1');
            await until('the program has ended', () => !existsSync(`/proc/${program}`));
            await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_GRACE_MS));
            assert.equal(supervised.state, 'running', 'it still has something to hand over');
            if (stopped) await supervised.stop();
            else output.open();
          },
        });
        assert.deepEqual([exit.reason, exit.code], ['exited', 0]);
        assert.equal(output.bytes, stopped ? 10 : 10 + PIPEFUL);
      });
    });

  test('is not read at all when it is discarded, and a program that closes it goes on', async () => {
    await leavesNothingBehind(async () => {
      const io = { stdout: 'discard', stderr: 'pipe' } as const;
      const discarded = await runToEnd(shell(`head -c ${FLOOD} /dev/zero; echo err >&2`, { io }));
      assert.deepEqual([discarded.stdout, discarded.stderr, discarded.exit.code], ['', 'err\n', 0]);
      const closed = await runToEnd(shell('echo before; exec >&- 2>&-; for i in 1 2 3; do /bin/true; done; exit 8'));
      assert.deepEqual([closed.stdout, closed.exit.code], ['before\n', 8]);
    });
  });
});
