import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts } from '../../../src/runtime/index.ts';
import { board } from '../../support/facts.ts';

const base: Manifest = {
  name: 'camera',
  version: '2.1.0',
  uid: 1000,
  gid: 1000,
  init: '/bin/camera',
  rootfs: { type: 'host' },
};

function made(manifest: Partial<Manifest>, facts: Partial<Facts> = {}) {
  const { launch, problems } = plan({ ...base, ...manifest }, { ...board(), ...facts });
  const refused = problems.map(({ code, message, hint }) => `${code} ${message}; ${hint ?? ''}`);
  return { steps: launch.steps, ops: launch.steps.map(({ op }) => op), refused };
}

describe('the network of a container', () => {
  const file = '/run/netns/cameras';

  test('is one of its own with `lo`, unless the manifest says otherwise', () => {
    for (const manifest of [{}, { network: 'none' }] as const) {
      const { steps, ops } = made(manifest);
      assert.deepEqual(steps[0], { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts', 'net'] });
      assert.ok(ops.includes('loopback') && !ops.includes('network_namespace'));
    }
  });

  test('can be that of the board, of which nothing is changed', () => {
    const { steps, ops } = made({ network: 'host' });
    assert.deepEqual(steps[0], { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts'] });
    assert.ok(!ops.includes('loopback') && !ops.includes('network_namespace'));
  });

  test('can be one that is there, entered before anything is mounted', () => {
    const { steps, ops } = made({ network: { namespace: 'cameras' } }, { paths: { [file]: { type: 'file' } } });
    assert.deepEqual(steps.slice(0, 2), [
      { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts'] },
      { op: 'network_namespace', file, key: 'network' },
    ]);
    assert.ok(!ops.includes('loopback'));
  });

  test('is never that of the board because the one of its name is missing', () => {
    const { refused } = made({ network: { namespace: 'cameras' } }, { paths: { [file]: { type: 'missing' } } });
    assert.deepEqual(refused, ['TH3008 no network namespace `cameras`; ip netns add cameras']);
  });
});

describe('the scheduling of a program', () => {
  const policies: [NonNullable<Manifest['sched']>['policy'], object][] = [
    ['idle', { policy: 'idle' }],
    [{ other: { nice: -5 } }, { policy: 'other', nice: -5 }],
    [{ batch: { nice: 19 } }, { policy: 'batch', nice: 19 }],
    [{ fifo: { priority: 11 } }, { policy: 'fifo', priority: 11 }],
    [{ round_robin: { priority: 99 } }, { policy: 'round_robin', priority: 99 }],
    [
      { deadline: { runtime: 1000, deadline: 2000, period: 3000 } },
      { policy: 'deadline', times: { runtime: 1000, deadline: 2000, period: 3000 } },
    ],
  ];
  for (const [policy, step] of policies)
    test(`${JSON.stringify(policy)} is set in its groups, before the capabilities go`, () => {
      const { steps, ops } = made({ sched: { policy } });
      assert.deepEqual(
        steps.find(({ op }) => op === 'sched'),
        { op: 'sched', ...step, key: 'sched' },
      );
      const at = ops.indexOf('sched');
      assert.ok(ops.indexOf('join') < at && at < ops.indexOf('bounding') && at < ops.indexOf('ids'));
    });

  test('of Northstar’s `deadline` without times is refused, because no kernel can set it', () => {
    assert.deepEqual(made({ sched: { policy: 'deadline' } }).refused, [
      'TH1104 `sched.policy: deadline` says no times, and no kernel can set it without; ' +
        'write `!deadline {runtime: 10 ms, deadline: 30 ms, period: 100 ms}`',
    ]);
  });

  test('is left as it is where the manifest says nothing', () => {
    assert.ok(!made({}).ops.includes('sched'));
  });
});
