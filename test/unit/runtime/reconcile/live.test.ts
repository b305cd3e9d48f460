import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reconcile } from '../../../../src/runtime/reconcile/index.ts';
import type { State } from '../../../../src/runtime/states.ts';
import { actual, desired, loaded, told } from './support.ts';

const a = loaded('a:1.0.0');
const other = loaded('a:1.0.0', { text: '2' });

describe('a manifest in which only limits changed', () => {
  for (const [what, state, canFollow, step] of [
    ['follows while the program runs', 'running', true, 'live a:1.0.0'],
    ['replaces what runs where they take a new start', 'running', false, 'replace a:1.0.0'],
    ['starts what waits for a restart at once', 'backoff', true, 'replace a:1.0.0'],
    ['replaces what is about to start', 'starting', true, 'replace a:1.0.0'],
    ['is there at the next start of what rests', 'stopped', true, 'take a:1.0.0'],
  ] as [string, State, boolean, string][]) {
    test(what, () => {
      const steps = reconcile(desired([other]), [actual(a, { state, canFollow: () => canFollow })]);
      assert.deepEqual(steps.map(told), [step]);
    });
  }
});
