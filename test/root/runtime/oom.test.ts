import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { gatherFacts, type Exit, type RuntimeEvent } from '../../../src/runtime/index.ts';
import { runToEnd, shell, type Result, type TrialOptions } from '../../support/containers.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const MiB = 1024 * 1024;
const EAT = 'x=0123456789abcdef; while :; do x=$x$x; done';

function limited(
  script: string,
  sections: Partial<Manifest> = {},
  more: { oom_group?: boolean } = {},
): Parameters<typeof runToEnd>[0] {
  const memory = { memory_hard_limit: 16 * MiB, memory_swap_limit: 16 * MiB, ...more };
  return shell(script, { cgroups: { memory }, ...sections });
}

async function trial(
  loaded: Parameters<typeof runToEnd>[0],
  options: TrialOptions,
  check: (result: Result) => void,
): Promise<void> {
  await leavesNothingBehind(async () => {
    check(await runToEnd(loaded, options));
  });
}

function order(events: readonly RuntimeEvent[]): string[] {
  return events.filter(({ type }) => type === 'oom' || type === 'exited').map(({ type }) => type);
}

/** With memory.oom.group the kernel counts the first victim twice, since it kills it once more with its group; v1 has no such file. */
function countOf(exit: Exit): number {
  const kills = exit.oom?.kills ?? 0;
  assert.ok(kills === 1 || (kills === 2 && gatherFacts().cgroups.layout === 'v2'), String(kills));
  return kills;
}

describe('a program over its memory limit', needsRoot(), () => {
  test('is oom_killed: the event comes before the exit, both with cause, kills and limit', async () => {
    await trial(limited(EAT), {}, ({ exit, events, supervised }) => {
      assert.deepEqual([exit.reason, exit.signal, exit.code], ['oom_killed', 'SIGKILL', undefined]);
      const expected = { cause: 'own_limit', kills: countOf(exit), limit: 16 * MiB };
      assert.deepEqual(exit.oom, expected);
      assert.deepEqual(order(events), ['oom', 'exited']);
      const event = events.find(({ type }) => type === 'oom');
      assert.ok(event?.type === 'oom' && event.oom.kills >= 1 && event.oom.kills <= expected.kills);
      assert.deepEqual(event.oom, { ...expected, kills: event.oom.kills });
      assert.equal(supervised.status.oom_kills, 1);
      assert.equal(supervised.state, 'stopped');
    });
  });

  test('that only lost a child goes on with oom_group: false, and the exit counts the kill', async () => {
    const script = `(${EAT}); echo "child: $?"; exit 3`;
    await trial(limited(script, {}, { oom_group: false }), {}, ({ exit, stdout, events }) => {
      assert.equal(stdout, 'child: 137\n');
      assert.deepEqual([exit.reason, exit.code, exit.signal], ['exited', 3, undefined]);
      assert.equal(exit.oom?.kills, 1);
      assert.deepEqual(order(events), ['oom', 'exited']);
    });
  });

  test('that lost a child is killed with everything else otherwise', async () => {
    // The sleepers would live on for long after the shell, and so would the shell.
    const script = `sleep 1000 & sleep 1000 & (${EAT}); while :; do sleep 1000; done`;
    await trial(limited(script), {}, ({ exit, events }) => {
      assert.deepEqual([exit.reason, exit.signal], ['oom_killed', 'SIGKILL']);
      assert.ok((exit.oom?.kills ?? 0) >= 1);
      assert.deepEqual(order(events), ['oom', 'exited']);
    });
  });

  test('is told apart from one that somebody killed, although both die of SIGKILL', async () => {
    const killed: TrialOptions = {
      whenRunning: (supervised) => {
        process.kill(supervised.status.pid ?? 0, 'SIGKILL');
      },
    };
    await trial(limited('sleep 1000'), killed, ({ exit, events }) => {
      assert.deepEqual([exit.reason, exit.signal, exit.oom], ['signalled', 'SIGKILL', undefined]);
      assert.deepEqual(order(events), ['exited']);
    });
  });

  test('is told apart from one that was stopped', async () => {
    const script = `trap '' TERM; (${EAT}); echo "child: $?"; while :; do sleep 1; done`;
    const stop = { signal: 'SIGTERM', timeout: 0.1 };
    let asked: Promise<void> | undefined;
    const options: TrialOptions = {
      output: {
        write: (_stream, chunk) => {
          if (chunk.toString().includes('child: 137')) asked ??= running?.stop();
          return true;
        },
        drained: () => Promise.resolve(),
      },
      whenRunning: (supervised) => {
        running = supervised;
      },
    };
    let running: Result['supervised'] | undefined;
    await trial(limited(script, { stop }, { oom_group: false }), options, ({ exit }) => {
      assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGKILL']);
      assert.equal(exit.oom?.kills, 1);
    });
    assert.ok(asked !== undefined);
  });

  test('is started again up to the limit of its policy, then it has failed; each run counts its own kills', async () => {
    const restart = {
      policy: 'on_failure' as const,
      initial_delay: 0.01,
      max_delay: 0.05,
      multiplier: 2,
      jitter: 0,
      reset_after: 60,
      max_restarts: 2,
    };
    await trial(limited(EAT, { restart }), {}, ({ exit, events, supervised }) => {
      assert.equal(exit.reason, 'oom_killed');
      assert.deepEqual(order(events), ['oom', 'exited', 'oom', 'exited', 'oom', 'exited']);
      const exits = events.flatMap((event) => (event.type === 'exited' ? [event.exit] : []));
      assert.deepEqual(
        exits.map((each) => [each.reason, countOf(each)]),
        exits.map((each) => ['oom_killed', each.oom?.kills]),
      );
      const delays = events.flatMap((event) => (event.type === 'restarting' ? [event.delay] : []));
      assert.deepEqual(delays, [0.01, 0.02]);
      assert.equal(supervised.state, 'failed');
      assert.deepEqual([supervised.status.restarts, supervised.status.oom_kills], [2, 3]);
    });
  });
});
