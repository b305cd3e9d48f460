import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Session, Supervised, type Exit } from '../../../src/runtime/index.ts';
import { Conversation, runToEnd, shell } from '../../support/containers.ts';
import { parentOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Marks the sleepers of these tests among all processes of the machine: seconds that nobody else sleeps. */
const MARK = String(31_536_000 + process.pid);

describe('the end of a program ends everything of its container', needsRoot(), () => {
  test('also daemons that left their parent, session and output behind', async () => {
    await leavesNothingBehind(async () => {
      const script = `(setsid setsid sleep ${MARK} > /dev/null 2>&1 < /dev/null &)
        (trap '' TERM HUP; sleep ${MARK} & wait) & sleep ${MARK} &
        echo started; exit 6`;
      const { exit, stdout } = await runToEnd(shell(script));
      assert.deepEqual([exit.reason, exit.code, stdout], ['exited', 6, 'started\n']);
      assert.deepEqual(processesWith(MARK), []);
    });
  });

  test('a fork bomb stays within its limit of processes and dies with one kill', async () => {
    await leavesNothingBehind(async () => {
      const script = `bomb() { sleep ${MARK} & bomb | bomb & }; bomb; while :; do wait; done`;
      const { exit } = await runToEnd(shell(script, { cgroups: { pids: { limit: 24 } } }), {
        whenRunning: async (supervised) => {
          const groups = supervised.container?.groups;
          const path = groups?.groups.find((group) => group.controllers.includes('pids'))?.path ?? '';
          const refused = (): number => Number(/max (\d+)/.exec(readFileSync(`${path}/pids.events`, 'utf8'))?.[1]);
          await until('a fork is refused', () => refused() > 0);
          assert.ok(Number(readFileSync(`${path}/pids.current`, 'utf8')) <= 24);
          await supervised.kill();
        },
      });
      assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGKILL']);
      assert.deepEqual(processesWith(MARK), []);
    });
  });

  test('two hundred children without any limit die with one stop', async () => {
    await leavesNothingBehind(async () => {
      const output = new Conversation();
      const script = `i=0; while [ $i -lt 200 ]; do sleep ${MARK} & i=$((i + 1)); done; echo ready; wait`;
      const { exit } = await runToEnd(shell(script), {
        output,
        whenRunning: async (supervised) => {
          await output.saw('ready');
          await until('all children run', () => processesWith(MARK).length === 200);
          await supervised.stop();
        },
      });
      assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGTERM']);
      assert.deepEqual(processesWith(MARK), []);
    });
  });
});

describe('a process that is killed from outside', needsRoot(), () => {
  test('the init takes its container with it, and nobody waits for a report that will not come', async () => {
    await leavesNothingBehind(async () => {
      const { exit, supervised } = await runToEnd(shell(`sleep ${MARK} & sleep ${MARK}`), {
        whenRunning: (running) => {
          process.kill(parentOf(running.status.pid ?? 0), 'SIGKILL');
        },
      });
      assert.deepEqual([exit.reason, exit.signal], ['signalled', 'SIGKILL']);
      assert.equal(supervised.state, 'stopped');
      assert.deepEqual(processesWith(MARK), []);
    });
  });

  test('the launcher takes all containers with it; each exit says so, and its groups are removed', async () => {
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const exits: Exit[] = [];
      const lives = [1, 2, 3].map((number) => {
        const loaded = shell(`echo up; sleep ${MARK} & sleep ${MARK}`, { name: `test-${number}` });
        const output = new Conversation();
        const supervised = new Supervised({ board: session.board, loaded, planOptions: session.planOptions, output });
        return { up: output.saw('up'), supervised, life: supervised.start() };
      });
      await Promise.all(lives.map(({ up }) => up));
      process.kill(session.launcherPid, 'SIGKILL');
      for (const { life } of lives) exits.push(await life);
      for (const exit of exits) assert.deepEqual([exit.reason, exit.error?.['code']], [null, 'TH3011']);
      await until('the sleepers are gone', () => processesWith(MARK).length === 0);
      const [first] = lives;
      const after = await first?.supervised.start();
      assert.deepEqual(
        [after?.reason, after?.error?.['code']],
        ['start_failed', 'TH3011'],
        'a start afterwards does not hang',
      );
    });
  });

  test('the launcher while a stop is under way: the stop still ends', async () => {
    await leavesNothingBehind(async () => {
      const output = new Conversation();
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const loaded = shell("trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done", {
        stop: { signal: 'SIGTERM', timeout: 600 },
      });
      const supervised = new Supervised({ board: session.board, loaded, planOptions: session.planOptions, output });
      const life = supervised.start();
      await output.saw('up');
      const stopped = supervised.stop();
      await output.saw('asked');
      process.kill(session.launcherPid, 'SIGKILL');
      await stopped;
      assert.equal((await life).error?.['code'], 'TH3011');
    });
  });
});
