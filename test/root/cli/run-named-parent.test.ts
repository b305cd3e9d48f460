import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cli, manifestFile } from '../../support/cli.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { APPS, PARENT, noted, operators, present } from '../../support/named-groups.ts';
import { childrenOf, processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(85_400_000 + process.pid);
const STAY = `trap 'exit 0' TERM; echo ready; sleep ${MARK} & wait`;

type Run = (parent: string, script?: string) => Cli;

async function trial(body: (run: Run) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using folder = temporaryFolder();
    const all: Cli[] = [];
    try {
      await body((parent, script = STAY) => {
        const file = manifestFile(folder.path, script, { cgroups: { parent } });
        const cli = new Cli(['run', '--cgroup-parent', PARENT, file]);
        all.push(cli);
        return cli;
      });
    } finally {
      for (const cli of all) cli[Symbol.dispose]();
    }
  });
}

/** One after the other, in the same groups. */
async function two(run: Run): Promise<[Cli, Cli]> {
  const first = run(`${APPS}/video`);
  await first.saw('ready');
  const second = run(`${APPS}/video`);
  await second.saw('ready');
  return [first, second];
}

describe('thuban run in groups that the manifest names', needsRoot(), () => {
  test('removes what it has made, and nothing of an operator', async () => {
    await trial(async (run) => {
      assert.equal((await run(`${APPS}/video`, 'exit 3').ended).code, 3);
      assert.deepEqual([present(APPS), noted()], [[], []]);
      await operators(APPS, async () => {
        assert.equal((await run(`${APPS}/video`, 'exit 3').ended).code, 3);
        assert.deepEqual([present(`${APPS}/video`), noted()], [[], []]);
        assert.equal((await run(APPS, 'exit 3').ended).code, 3);
      });
    });
  });

  test('beside others leaves the last of them to remove the groups, whoever made them', async () => {
    await trial(async (run) => {
      const [first, second] = await two(run);
      first.signal('SIGTERM');
      await first.ended;
      assert.ok(present(`${APPS}/video`).length > 0);
      second.signal('SIGTERM');
      await second.ended;
      assert.deepEqual([present(APPS), noted()], [[], []]);
    });
  });

  test('beside a daemon does the same', async () => {
    await trial(async (run) => {
      await using daemon = new TestDaemon();
      daemon.add('a', `exec sleep ${MARK}`, { cgroups: { parent: APPS } });
      await daemon.start({ args: ['--cgroup-parent', PARENT] });
      const one = run(APPS);
      await one.saw('ready');
      await daemon.client.start('a');
      one.signal('SIGTERM');
      await one.ended;
      assert.ok(present(APPS).length > 0);
      await daemon.client.stop('a');
      assert.deepEqual([present(APPS), noted()], [[], []]);
    });
  });

  test('that is killed has a launcher that removes them', async () => {
    for (const isOperators of [false, true])
      await trial(async (run) => {
        const body = async (): Promise<void> => {
          const cli = run(`${APPS}/video`);
          await cli.saw('ready');
          const launchers = childrenOf(cli.process.pid ?? 0);
          process.kill(cli.process.pid ?? 0, 'SIGKILL');
          await until('the launcher has ended', () => launchers.every(isGone));
          await until('its container has ended', () => processesWith(MARK).length === 0);
          assert.deepEqual([present(`${APPS}/video`), noted()], [[], []]);
        };
        await (isOperators ? operators(APPS, body) : body());
        assert.deepEqual(present(APPS), []);
      });
  });

  test('that is killed beside another one leaves that one its groups', async () => {
    await trial(async (run) => {
      const [first, second] = await two(run);
      const launchers = childrenOf(first.process.pid ?? 0);
      process.kill(first.process.pid ?? 0, 'SIGKILL');
      await until('the launcher has ended', () => launchers.every(isGone));
      assert.ok(present(`${APPS}/video`).length > 0);
      second.signal('SIGTERM');
      await second.ended;
      assert.deepEqual([present(APPS), noted()], [[], []]);
    });
  });
});
