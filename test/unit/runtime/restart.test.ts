import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { restartDefaults, type Restart } from '../../../src/manifest/index.ts';
import { afterRun, decideRestart, isFailure } from '../../../src/runtime/restart.ts';
import type { Exit } from '../../../src/runtime/index.ts';

const exit = (parts: Partial<Exit>): Exit => ({
  reason: 'exited',
  time: '2026-01-01T00:00:00.000Z',
  duration: 1,
  ...parts,
});
const policy = (parts: Partial<Restart>): Restart => ({ ...restartDefaults, jitter: 0, ...parts });

describe('the restart policy', () => {
  test('restarts by policy and exit', () => {
    const cases: [Restart['policy'], Exit, boolean][] = [
      ['never', exit({ code: 1 }), false],
      ['on_failure', exit({ code: 0 }), false],
      ['on_failure', exit({ code: 1 }), true],
      ['on_failure', exit({ reason: 'signalled', signal: 'SIGSEGV' }), true],
      ['on_failure', exit({ reason: 'oom_killed', signal: 'SIGKILL' }), true],
      ['on_failure', exit({ reason: 'start_failed' }), true],
      ['on_failure', exit({ reason: 'stopped', signal: 'SIGTERM' }), false],
      ['always', exit({ code: 0 }), true],
      ['always', exit({ reason: 'stopped', code: 0 }), false],
    ];
    for (const [name, how, again] of cases) {
      const decision = decideRestart(policy({ policy: name }), how, { restarts: 0 }, 0.5);
      assert.equal(decision.action, again ? 'restart' : 'stay', `${name} after ${JSON.stringify(how)}`);
    }
  });

  test('waits twice as long each time, up to the maximum', () => {
    const delays = [0, 1, 2, 3, 9].map((restarts) => {
      const decision = decideRestart(
        policy({ policy: 'always', initial_delay: 0.5, max_delay: 3 }),
        exit({ code: 0 }),
        { restarts },
        0.5,
      );
      return decision.action === 'restart' ? decision.delay : undefined;
    });
    assert.deepEqual(delays, [500, 1000, 2000, 3000, 3000]);
  });

  test('gives up at the limit and says that it was the limit', () => {
    const limited = policy({ policy: 'on_failure', max_restarts: 2 });
    assert.equal(decideRestart(limited, exit({ code: 1 }), { restarts: 1 }, 0).action, 'restart');
    assert.deepEqual(decideRestart(limited, exit({ code: 1 }), { restarts: 2 }, 0), { action: 'stay', limit: true });
    assert.deepEqual(decideRestart(limited, exit({ code: 0 }), { restarts: 2 }, 0), { action: 'stay', limit: false });
  });

  test('forgets its history after stable running only', () => {
    const given = policy({ reset_after: 60 });
    assert.deepEqual(afterRun({ restarts: 3 }, given, 59.9), { restarts: 3 });
    assert.deepEqual(afterRun({ restarts: 3 }, given, 60), { restarts: 0 });
  });

  test('jitter stays within its share and never above the maximum', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(40),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (random, restarts, jitter) => {
          const given = policy({ policy: 'always', initial_delay: 1, max_delay: 60, jitter });
          const decision = decideRestart(given, exit({ code: 0 }), { restarts }, random);
          assert.equal(decision.action, 'restart');
          const plain = Math.min(60, 2 ** restarts) * 1000;
          assert.ok(decision.delay <= 60_000 && decision.delay >= Math.floor(plain * (1 - jitter)));
        },
      ),
    );
  });

  test('everything but code 0 and a requested stop is a failure', () => {
    assert.equal(isFailure(exit({ code: 0 })), false);
    assert.equal(isFailure(exit({ reason: 'stopped', signal: 'SIGKILL' })), false);
    assert.equal(isFailure(exit({ reason: null })), true);
  });
});
