import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, test } from 'node:test';
import { version } from '../../../src/base/index.ts';
import { LauncherClient } from '../../../src/launcher/index.ts';
import { gatherFacts, type Exit } from '../../../src/runtime/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { APPS, noted, present } from '../../support/named-groups.ts';
import { processesWith, until } from '../../support/processes.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(89_400_000 + process.pid);

const freezer = gatherFacts().cgroups.controllers['freezer'];

/** Without tricks a process cannot be made unkillable but by the freezer of v1: on v2 what is frozen can be killed. */
function needsFreezer(): { skip: string | false } {
  if (geteuid?.() !== 0) return { skip: 'needs root and a real kernel: sudo npm test' };
  return { skip: freezer?.version === 1 ? false : 'needs a v1 freezer: what a v2 freezer holds can be killed' };
}

/** Freezes processes in a group that is nobody's; nothing but `thaw` lets them end. */
async function withIce(body: (freeze: (pid: number) => void, thaw: () => void) => Promise<void>): Promise<void> {
  const group = join(freezer?.mountpoint ?? '', `ice-${process.pid}`);
  mkdirSync(group);
  const put = (file: string, value: string): void => {
    writeFileSync(join(group, file), value);
  };
  try {
    await body(
      (pid) => {
        put('tasks', String(pid));
        put('freezer.state', 'FROZEN');
      },
      () => {
        put('freezer.state', 'THAWED');
      },
    );
  } finally {
    put('freezer.state', 'THAWED');
    await until('the group is empty', () => readFileSync(join(group, 'tasks'), 'utf8') === '');
    rmdirSync(group);
  }
}

async function trial(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon();
    await body(daemon);
  });
}

/** Starts the daemon and its container. Gives the process beside the program. */
async function startWithChild(daemon: TestDaemon): Promise<number> {
  await daemon.start();
  await daemon.client.start('ice');
  await until('its child runs', () => processesWith(MARK).length === 1);
  return processesWith(MARK)[0] ?? 0;
}

describe('a process that cannot be killed', needsFreezer(), () => {
  test('ends the stop with a leftover that names it, keeps no new run away, and is cleared when it can end', async () => {
    await trial(async (daemon) => {
      daemon.add('ice', `sleep ${MARK} & wait`, { stop: { signal: 'SIGTERM', timeout: 1 } });
      const pid = await startWithChild(daemon);
      await withIce(async (freeze, thaw) => {
        freeze(pid);
        const { exit } = await daemon.client.stop('ice');
        assert.deepEqual([exit?.reason, exit?.error?.['code']], ['stopped', 'TH2010']);
        const { state, conditions } = await daemon.container('ice');
        assert.deepEqual(
          [state, conditions.map(({ type, code }) => [type, code])],
          ['stopped', [['leftover', 'TH2010']]],
        );
        assert.match(conditions[0]?.message ?? '', new RegExp(`\\b${pid} \\(sleep, \\w+\\) cannot be killed$`));
        const [told] = await daemon.told('leftover', 'ice:1.0.0');
        assert.ok(JSON.stringify(told?.['tasks']).includes(`"pid":${pid}`), JSON.stringify(told));

        await daemon.client.start('ice');
        const { groups = [] } = await daemon.client.container('ice');
        assert.ok(groups.every(({ path }) => path.endsWith('/c-ice@1.0.0%2')));
        assert.deepEqual(
          (await daemon.container('ice')).conditions.map(({ type }) => type),
          ['leftover'],
        );

        await daemon.signal('SIGKILL');
        await daemon.start();
        const after = await daemon.container('ice');
        assert.deepEqual([after.state, after.conditions.map(({ type }) => type)], ['running', ['leftover']]);
        await daemon.client.stop('ice');

        thaw();
        await until('it is gone', () => isGone(pid));
        await until('the condition is cleared', async () => (await daemon.container('ice')).conditions.length === 0);
        const cleared = (await daemon.events(['leftover'])).filter((event) => event['removed'] !== undefined);
        assert.deepEqual(cleared.at(-1)?.['paths'], []);
      });
      await daemon.client.start('ice');
      const { groups = [] } = await daemon.client.container('ice');
      assert.ok(groups.every(({ path }) => path.endsWith('/c-ice@1.0.0')));
    });
  });

  test('does not keep a run from its end whose program ended by itself, and a restart is not kept waiting', async () => {
    await trial(async (daemon) => {
      daemon.add('ice', `trap 'exit 3' USR1; sleep ${MARK} & echo ready; wait`, {
        restart: { policy: 'on_failure', max_restarts: 1, initial_delay: '10 ms' },
      });
      const pid = await startWithChild(daemon);
      const { pid: program = 0 } = await daemon.client.container('ice');
      await withIce(async (freeze, thaw) => {
        freeze(pid);
        process.kill(program, 'SIGUSR1');
        const told = await daemon.told('exited', 'ice:1.0.0');
        const { reason, code, error } = told[0]?.['exit'] as Exit;
        assert.deepEqual([reason, code, error?.['code']], ['exited', 3, 'TH2010']);
        await until('it runs again', async () => (await daemon.container('ice')).restarts === 1);
        const { conditions } = await daemon.container('ice');
        assert.match(conditions[0]?.message ?? '', new RegExp(`\\b${pid} \\(sleep, \\w+\\) cannot be killed$`));
        thaw();
        await until('it is gone', () => isGone(pid));
        await until('the condition is cleared', async () => (await daemon.container('ice')).conditions.length === 0);
      });
      await daemon.client.stop('ice');
    });
  });

  test('whose program had ended when another daemon took over is given up by that one', async () => {
    await trial(async (daemon) => {
      daemon.add('ice', `trap 'exit 3' USR1; sleep ${MARK} & wait`);
      const pid = await startWithChild(daemon);
      const { pid: program = 0 } = await daemon.client.container('ice');
      await withIce(async (freeze, thaw) => {
        freeze(pid);
        await daemon.signal('SIGKILL');
        process.kill(program, 'SIGUSR1');
        await until('the program is gone', () => isGone(program));
        await daemon.start();
        await until('it has ended', async () => (await daemon.container('ice')).state === 'stopped');
        const { conditions } = await daemon.container('ice');
        assert.deepEqual(
          conditions.map(({ type }) => type),
          ['leftover'],
        );
        thaw();
        await until('the condition is cleared', async () => (await daemon.container('ice')).conditions.length === 0);
      });
    });
  });

  test('in a run that this version cannot read does not keep the next daemon from its work', async () => {
    await trial(async (daemon) => {
      daemon.add('ice', `sleep ${MARK} & wait`);
      const pid = await startWithChild(daemon);
      await withIce(async (freeze, thaw) => {
        freeze(pid);
        await daemon.signal('SIGKILL');
        const launcher = await LauncherClient.connect(join(daemon.runDir, 'launcher'), version);
        const [run] = await launcher.list();
        await launcher.setBlob(run?.id ?? 0n, Buffer.from('{"v":99}'));
        launcher.close();
        await daemon.start();
        assert.match(daemon.log, /a container of a version that is not understood is killed/);
        await daemon.reached('ice', 'running');
        const { groups = [] } = await daemon.client.container('ice');
        assert.ok(groups.every(({ path }) => path.endsWith('/c-ice@1.0.0%2')));
        await daemon.client.stop('ice');
        thaw();
        await until('it is gone', () => isGone(pid));
      });
    });
  });

  test('keeps the groups above that its manifest names, until it can end', async () => {
    for (const isOther of [false, true])
      await trial(async (daemon) => {
        const cgroups = { parent: `${APPS}/video` };
        daemon.add('ice', `sleep ${MARK} & wait`, { stop: { signal: 'SIGTERM', timeout: 1 }, cgroups });
        await daemon.start();
        await daemon.client.start('ice');
        await until('its child runs', () => processesWith(MARK).length === 1);
        await withIce(async (freeze, thaw) => {
          freeze(processesWith(MARK)[0] ?? 0);
          await daemon.client.stop('ice');
          assert.ok(present(`${APPS}/video/c-ice@1.0.0`).length > 0);
          if (isOther) {
            await daemon.signal('SIGKILL');
            await daemon.start();
          }
          thaw();
          await until('the condition is cleared', async () => (await daemon.container('ice')).conditions.length === 0);
          assert.deepEqual([noted(), present(APPS)], [[], []]);
        });
      });
  });

  test('does not keep the daemon from its end', async () => {
    await leavesNothingBehind(async () => {
      await withIce(async (freeze) => {
        await using daemon = new TestDaemon();
        daemon.add('ice', `sleep ${MARK} & wait`, { stop: { signal: 'SIGTERM', timeout: 1 } });
        await daemon.start();
        await daemon.client.start('ice');
        await until('its child runs', () => processesWith(MARK).length === 1);
        freeze(processesWith(MARK)[0] ?? 0);
        assert.deepEqual(await daemon.signal('SIGTERM'), { code: 0, signal: null });
      });
      // With the launcher went whoever would try again: the next daemon sweeps.
      await using next = new TestDaemon();
      await next.start();
    });
  });
});
