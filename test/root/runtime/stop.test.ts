import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session, Supervised, type RuntimeEvent } from '../../../src/runtime/index.ts';
import { Conversation, runToEnd, shell, type Result } from '../../support/containers.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Longer than any test may take. */
const NEVER = 600;

/** Runs the script, does something to it once it has said `ready`, and waits for its end. */
async function when(
  script: string,
  sections: Partial<Manifest>,
  act: (supervised: Supervised) => void | Promise<void>,
): Promise<Result> {
  let result: Result | undefined;
  await leavesNothingBehind(async () => {
    const output = new Conversation();
    const whenRunning = async (supervised: Supervised): Promise<void> => {
      await output.saw('ready');
      await act(supervised);
    };
    result = { ...(await runToEnd(shell(script, sections), { output, whenRunning })), ...output.text };
  });
  assert.ok(result);
  return result;
}

async function haltedThen(supervised: Supervised, act: () => Promise<void>): Promise<void> {
  const stat = `/proc/${supervised.status.pid ?? 0}/stat`;
  await until('the program is halted', () => readFileSync(stat, 'utf8').includes(') T '));
  await act();
}

function states(events: readonly RuntimeEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
}

describe('a stop', needsRoot(), () => {
  test('asks with the signal of the manifest, and the program may answer', async () => {
    const script = "trap 'echo asked; exit 9' USR1; echo ready; while :; do sleep 0.05; done";
    const stop = { signal: 'SIGUSR1', timeout: NEVER };
    const { exit, stdout, events } = await when(script, { stop }, (supervised) => supervised.stop('for a test'));
    assert.deepEqual([exit.reason, exit.code, exit.stopped_for], ['stopped', 9, 'for a test']);
    assert.equal(stdout, 'ready\nasked\n');
    assert.deepEqual(states(events), ['starting', 'running', 'stopping', 'stopped']);
  });

  test('kills what does not answer in time, and says so', async () => {
    const script = "trap '' TERM; echo ready; while :; do sleep 1000; done";
    const { exit } = await when(script, { stop: { signal: 'SIGTERM', timeout: 0.5 } }, (supervised) =>
      supervised.stop(),
    );
    assert.deepEqual([exit.reason, exit.signal, exit.killed_after], ['stopped', 'SIGKILL', 0.5]);
    assert.match(exit.stopped_for ?? '', /after the time-out of 0\.5 s/);
    assert.ok(exit.duration > 0.4 && exit.duration < 20, `${exit.duration} s`);
  });

  test('reaches a program that was halted', async () => {
    const script = 'echo ready; kill -STOP $$; echo continued';
    const { exit, stdout } = await when(script, { stop: { signal: 'SIGTERM', timeout: 0.5 } }, (supervised) =>
      haltedThen(supervised, () => supervised.stop()),
    );
    assert.deepEqual([exit.reason, exit.signal, stdout], ['stopped', 'SIGKILL', 'ready\n']);
  });

  test('with SIGKILL as its signal ends everything at once', async () => {
    const script = 'sleep 1000 & echo ready; wait';
    const { exit } = await when(script, { stop: { signal: 'SIGKILL', timeout: NEVER } }, (supervised) =>
      supervised.stop(),
    );
    assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGKILL']);
  });

  test('asked for twice asks the program once, and both wait for its end', async () => {
    const script = "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done";
    const { exit, stdout } = await when(script, { stop: { signal: 'SIGTERM', timeout: 0.7 } }, async (supervised) => {
      await Promise.all([supervised.stop(), supervised.stop(), supervised.stop()]);
      assert.equal(supervised.state, 'stopped');
      await supervised.stop();
    });
    assert.equal(stdout, 'ready\nasked\n');
    assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGKILL']);
  });

  test('is overtaken by a kill', async () => {
    const script = "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done";
    const { exit } = await when(script, { stop: { signal: 'SIGTERM', timeout: NEVER } }, async (supervised) => {
      const stopped = supervised.stop();
      await supervised.kill();
      await stopped;
    });
    assert.deepEqual([exit.reason, exit.signal], ['stopped', 'SIGKILL']);
    assert.ok(exit.duration < 30);
  });
});

/** A container that has been told to start and is not yet running. */
async function whileStarting(
  sections: Partial<Manifest>,
  act: (supervised: Supervised) => Promise<void>,
): Promise<RuntimeEvent[]> {
  const events: RuntimeEvent[] = [];
  await leavesNothingBehind(async () => {
    await using session = await Session.open({ prefix: 'thuban-test-' });
    const supervised = new Supervised({
      board: session.board,
      loaded: shell("trap '' TERM; while :; do sleep 0.1; done", sections),
      planOptions: session.planOptions,
      onEvent: (event) => {
        events.push(event);
      },
    });
    const life = supervised.start();
    assert.equal(supervised.state, 'starting');
    await act(supervised);
    assert.equal(supervised.state, 'stopped');
    assert.equal((await life).reason, 'stopped');
  });
  return events;
}

describe('a stop at an odd moment', needsRoot(), () => {
  test('during the start ends the program as soon as it runs', async () => {
    const stop = { signal: 'SIGTERM', timeout: 0.3 };
    const events = await whileStarting({ stop }, (supervised) => supervised.stop('at once'));
    const exit = events.flatMap((event) => (event.type === 'exited' ? [event.exit] : []))[0];
    assert.match(exit?.stopped_for ?? '', /^at once/);
    assert.deepEqual(states(events), ['starting', 'running', 'stopping', 'stopped']);
  });

  test('a kill during the start does not wait for the time-out', async () => {
    const events = await whileStarting({ stop: { signal: 'SIGTERM', timeout: NEVER } }, (supervised) =>
      supervised.kill(),
    );
    const exit = events.flatMap((event) => (event.type === 'exited' ? [event.exit] : []))[0];
    assert.deepEqual([exit?.reason, exit?.signal], ['stopped', 'SIGKILL']);
  });

  test('during the wait for a restart ends the wait', async () => {
    await leavesNothingBehind(async () => {
      const restart = {
        policy: 'always' as const,
        initial_delay: NEVER,
        max_delay: NEVER,
        multiplier: 1,
        jitter: 0,
        reset_after: NEVER,
        max_restarts: 5,
      };
      let asked: Promise<void> | undefined;
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const seen: string[] = [];
      const supervised: Supervised = new Supervised({
        board: session.board,
        loaded: shell('exit 4', { restart }),
        planOptions: session.planOptions,
        onEvent: (event) => {
          if (event.type === 'state') seen.push(event.state);
          if (event.type === 'restarting') asked ??= Promise.resolve().then(() => supervised.stop());
        },
      });
      const exit = await supervised.start();
      await asked;
      assert.deepEqual([exit.reason, exit.code], ['exited', 4]);
      assert.deepEqual(seen, ['starting', 'running', 'backoff', 'stopped']);
      await supervised.stop();
      await supervised.kill();
    });
  });
});
