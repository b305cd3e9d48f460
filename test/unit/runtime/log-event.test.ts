import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exit } from '../../../src/runtime/index.ts';
import type { EventBody } from '../../../src/runtime/events.ts';
import { logEvent } from '../../../src/runtime/log-event.ts';

const exit = { reason: 'stopped', time: '2026-11-26T10:00:10.000Z', duration: 10 } as const;

/** The level and the code of the line that is logged about an event. */
function logged(body: EventBody): unknown[] {
  const lines: unknown[] = [];
  logEvent({ time: exit.time, container: 'camera:2.1.0', ...body }, (level, _message, fields) => {
    lines.push(level, fields?.['code']);
  });
  return lines;
}

describe('the daemon’s log', () => {
  const ends: [name: string, exit: Exit, level: string, code: string | undefined][] = [
    ['a stop in time is as it should be', { ...exit, signal: 'SIGTERM' }, 'info', undefined],
    [
      'a stop that ran into its time-out is a warning with its code',
      { ...exit, signal: 'SIGKILL', killed_after: 10 },
      'warn',
      'TH4005',
    ],
    ['an end with a failure is a warning', { ...exit, reason: 'exited', code: 3 }, 'warn', undefined],
  ];
  for (const [name, end, level, code] of ends)
    test(name, () => {
      assert.deepEqual(logged({ type: 'exited', exit: end }), [level, code]);
    });

  test('a group that could not be removed is a warning with its code', () => {
    assert.deepEqual(logged({ type: 'leftover', paths: ['/sys/fs/cgroup/thuban/c-a@1.0.0'] }), ['warn', 'TH2010']);
  });

  test('a container that is given up is an error, with the code of the reason', () => {
    const failed = { type: 'state', state: 'failed', previous: 'running' } as const;
    assert.deepEqual(logged({ ...failed, message: 'restart limit reached: 3 starts', code: 'TH4001' }), [
      'error',
      'TH4001',
    ]);
    assert.deepEqual(logged(failed), ['error', undefined]);
  });
});
