import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Session } from '../../../src/runtime/index.ts';
import { runIn, runToEnd, shell } from '../../support/containers.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

describe('the exit of a container', needsRoot(), () => {
  test('tells exit codes and signals apart, also where a shell would confuse them', async () => {
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      for (const code of [0, 1, 10, 42, 101, 127, 128, 139, 255]) {
        const { exit } = await runIn(session, shell(`exit ${code}`));
        assert.deepEqual([exit.reason, exit.code, exit.signal], ['exited', code, undefined]);
      }
      for (const [number, name] of [
        [9, 'SIGKILL'],
        [11, 'SIGSEGV'],
        [15, 'SIGTERM'],
      ] as const) {
        const { exit } = await runIn(session, shell(`kill -${number} $$; sleep 5`));
        assert.deepEqual([exit.reason, exit.code, exit.signal], ['signalled', undefined, name]);
      }
    });
  });

  test('an exit code of 137 is no out-of-memory kill', async () => {
    await leavesNothingBehind(async () => {
      const memory = { memory_hard_limit: 64 * 1024 * 1024, memory_swap_limit: 64 * 1024 * 1024 };
      const { exit, events } = await runToEnd(shell('exit 137', { cgroups: { memory } }));
      assert.equal(exit.reason, 'exited');
      assert.equal(exit.code, 137);
      assert.equal(events.filter((event) => event.type === 'oom').length, 0);
    });
  });
});
