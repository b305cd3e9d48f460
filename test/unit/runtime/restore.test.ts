import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ListedContainer } from '../../../src/launcher/index.ts';
import { restore, type Held } from '../../../src/runtime/restore.ts';
import type { Exit } from '../../../src/runtime/index.ts';
import { readSaved, type SavedState } from '../../../src/runtime/saved-state.ts';

const exit: Exit = { reason: 'exited', code: 3, time: '2026-01-01T00:00:00.000Z', duration: 1 };

function saved(changes: Partial<SavedState>): SavedState {
  return {
    v: 1,
    container: 'a:1.0.0',
    state: 'running',
    since: '2026-01-01T00:00:00.000Z',
    intent: 'run',
    run: '7',
    restarts: 2,
    oom_kills: 1,
    oom_announced: 0,
    history: { restarts: 2 },
    groups: [],
    ...changes,
  };
}

function held(state: ListedContainer['state'], id = 7n): Held {
  const listed = { id, init: 1, program: 2, startTime: 0n, time: 0n, mono: 0n, stdout: undefined, stderr: undefined };
  const record = {
    v: 1 as const,
    container: 'a:1.0.0',
    file: 'a.yaml',
    digest: '',
    groups: [],
    degraded: [],
    before: null,
    stop: { signal: 'SIGTERM', timeout: 1 },
    kill_all_on_oom: false,
    command: [],
  };
  return { listed: { ...listed, state, blob: Buffer.alloc(0) }, record };
}

const NOW = 1000;

describe('what the launcher holds', () => {
  const cases: [
    string,
    SavedState | undefined,
    Held,
    ReturnType<typeof restore>['state'],
    string,
    string | undefined,
  ][] = [
    ['runs on, also without a saved state', undefined, held('running'), 'running', 'open', undefined],
    ['runs on when a run was wanted', saved({}), held('running'), 'running', 'open', undefined],
    ['is stopped when that was begun', saved({ intent: 'stop' }), held('running'), 'running', 'open', 'stop'],
    ['is restarted when that was begun', saved({ intent: 'restart' }), held('running'), 'running', 'open', 'restart'],
    ['is waited for while it starts', saved({ state: 'starting' }), held('starting'), 'starting', 'open', undefined],
    ['is accounted for when it has ended', saved({}), held('ended'), 'running', 'open', undefined],
    ['is only cleared away when it was', saved({ accounted: '7' }), held('ended'), 'running', 'accounted', undefined],
    ['is not what was accounted before', saved({ accounted: '6' }), held('ended'), 'running', 'open', undefined],
    ['counts, whatever the state says', saved({ state: 'stopped' }), held('running'), 'running', 'open', undefined],
  ];
  for (const [name, before, one, state, accounting, then] of cases)
    test(name, () => {
      assert.deepEqual(restore(before, one, NOW), {
        state,
        entry: { from: 'held', held: one, accounted: accounting === 'accounted' },
        ...(then === undefined ? {} : { then }),
      });
    });
});

describe('what the launcher does not hold', () => {
  const cases: [string, SavedState | undefined, ReturnType<typeof restore>][] = [
    ['is new without a saved state', undefined, { state: 'stopped' }],
    ['rests when it did', saved({ state: 'stopped', last_exit: exit, accounted: '7' }), { state: 'stopped' }],
    ['stays failed', saved({ state: 'failed', last_exit: exit, accounted: '7' }), { state: 'failed' }],
    [
      'is started when its start was not heard',
      saved({ state: 'starting' }),
      { state: 'stopped', entry: { from: 'start' } },
    ],
    ['is not started when it was to be stopped', saved({ state: 'starting', intent: 'stop' }), { state: 'stopped' }],
    [
      'is stopped when its end was the stop',
      saved({ state: 'stopping', intent: 'stop', accounted: '7' }),
      { state: 'stopped' },
    ],
    [
      'is started after the stop of a restart',
      saved({ state: 'stopped', intent: 'restart', accounted: '7' }),
      { state: 'stopped', entry: { from: 'start' } },
    ],
    [
      'follows its policy when its end was accounted for and nothing decided',
      saved({ accounted: '7', last_exit: exit }),
      { state: 'running', entry: { from: 'exit', exit } },
    ],
    [
      'waits for the rest of its backoff',
      saved({ state: 'backoff', next_start: 1500, accounted: '7', last_exit: exit }),
      { state: 'backoff', entry: { from: 'backoff', delay: 500 } },
    ],
    [
      'starts at once when the backoff is over',
      saved({ state: 'backoff', next_start: 500 }),
      { state: 'backoff', entry: { from: 'backoff', delay: 0 } },
    ],
    [
      'does not start after a backoff in which it was stopped',
      saved({ state: 'backoff', intent: 'stop' }),
      { state: 'stopped' },
    ],
  ];
  for (const [name, before, expected] of cases)
    test(name, () => {
      assert.deepEqual(restore(before, undefined, NOW), expected);
    });
});

describe('a saved state', () => {
  test('is read back as it was written', () => {
    const state = saved({ last_exit: exit, overrides: { args: ['a'] } });
    assert.deepEqual(readSaved(JSON.parse(JSON.stringify(state))), state);
  });

  for (const value of [
    null,
    3,
    'text',
    [],
    {},
    { ...saved({}), v: 2 },
    { ...saved({}), state: 'flying' },
    { ...saved({}), groups: 1 },
  ])
    test(`is not taken from ${JSON.stringify(value).slice(0, 40)}`, () => {
      assert.equal(readSaved(value), undefined);
    });
});
