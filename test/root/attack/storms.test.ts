import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Supervised, type OutputSink } from '../../../src/runtime/index.ts';
import { attack, inSession, needsAttacker } from '../../support/attacker.ts';
import { Conversation, runIn, shell } from '../../support/containers.ts';
import { almighty, asRoot } from '../../support/identity.ts';
import { processesWith, until } from '../../support/processes.ts';

const ORPHANS = process.env['THUBAN_EMULATED'] === undefined ? 10_000 : 500;
const MiB = 1024 * 1024;

describe('a container', needsAttacker(), () => {
  for (const [who, sections] of [
    ['root', asRoot],
    ['root with all capabilities', almighty],
  ] as const)
    test(`outlives a storm of every signal at its pid 1, and ends with its own code: ${who}`, async () => {
      await inSession(async (session) => {
        const { exit, stdout, stderr } = await runIn(session, attack(['storm', '300'], sections));
        assert.deepEqual([exit.reason, exit.code, stderr], ['exited', 7, ''], JSON.stringify(exit));
        const sent = Number(/^(\d+) sent/.exec(stdout)?.[1]);
        assert.ok(sent > 300 * 31, stdout);
      });
    });

  test('whose user is not root cannot even send one', async () => {
    await inSession(async (session) => {
      const { exit, stderr } = await runIn(session, attack(['storm', '1']));
      assert.deepEqual([exit.code, stderr], [1, 'storm: Operation not permitted\n']);
    });
  });

  test(`has no dead left of ${ORPHANS} orphans`, async () => {
    await inSession(async (session) => {
      const { exit, stdout } = await runIn(session, attack(['orphans', String(ORPHANS)]));
      assert.deepEqual([exit.reason, exit.code, stdout], ['exited', 0, '0 left\n']);
    });
  });

  /** Runs it until it is `ready`, does something beside it, and stops it. */
  async function beside(
    args: string[],
    sections: Partial<Manifest>,
    body: (session: Parameters<Parameters<typeof inSession>[0]>[0]) => Promise<void>,
  ): Promise<void> {
    await inSession(async (session) => {
      const output = new Conversation();
      const loaded = attack(args, { ...sections, stop: { signal: 'SIGTERM', timeout: 0.3 } });
      const supervised = new Supervised({ board: session.board, loaded, planOptions: session.planOptions, output });
      const ended = supervised.start();
      await output.saw('ready');
      try {
        await body(session);
      } finally {
        await supervised.stop();
      }
      const exit = await ended;
      assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGKILL'], JSON.stringify(exit));
      assert.deepEqual(processesWith(args[0] ?? ''), []);
    });
  }

  test('that is a fork bomb has as many processes as its limit, others start beside it, and a stop ends all', async () => {
    const limit = 60;
    await beside(['bomb'], { cgroups: { pids: { limit } } }, async (session) => {
      await until('it is full', () => processesWith('bomb').length === limit);
      const { exit } = await runIn(session, shell('sleep 0.1 & wait; exit 7', { name: 'other' }));
      assert.deepEqual([exit.reason, exit.code], ['exited', 7]);
      assert.ok(processesWith('bomb').length <= limit);
    });
  });

  test('ends with all that ignores signals, has a session of its own, is halted, or has left its parents', async () => {
    for (const sections of [{}, almighty])
      await beside(['stubborn'], sections, async () => {
        await until('all nine are there', () => processesWith('stubborn').length === 9);
      });
  });

  test('floods its output no faster than it is read, and is heard to the last byte', async () => {
    await inSession(async (session) => {
      let bytes = 0;
      let chunks = 0;
      const output: OutputSink = {
        write: (_stream, chunk) => {
          bytes += chunk.length;
          return ++chunks % 100 !== 0;
        },
        drained: () => new Promise((resolve) => setTimeout(resolve, 1)),
      };
      const before = process.memoryUsage().rss;
      const { exit } = await runIn(session, attack(['flood', '256']), { output });
      assert.deepEqual([exit.reason, exit.code, bytes], ['exited', 0, 256 * MiB]);
      assert.ok(process.memoryUsage().rss - before < 128 * MiB, 'nothing of it is kept');
    });
  });
});
