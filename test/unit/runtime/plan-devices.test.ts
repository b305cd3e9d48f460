import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts, type LaunchPlan } from '../../../src/runtime/index.ts';
import { board } from '../../support/facts.ts';
import { shell } from '../../support/containers.ts';

const tty = { type: 'file', device: { type: 'c', major: 188, minor: 0 } } as const;
const mounts = { '/dev/tty0': { type: 'device', host: '/dev/ttyUSB0' } } as unknown as NonNullable<Manifest['mounts']>;

function planned(paths: Facts['paths'], sections: Partial<Manifest> = {}): LaunchPlan {
  const { manifest } = shell('true', { mounts, ...sections });
  return plan(manifest, board('v2', { paths }));
}

describe('a device mount in a plan', () => {
  test('makes its node before the root, shows it after, and brings its rule', () => {
    const { launch, cgroup, problems } = planned({ '/dev/ttyUSB0': { ...tty, real: '/dev/bus/7' } });
    assert.deepEqual(problems, []);
    const ops = launch.steps.map(({ op }) => op);
    assert.ok(
      ops.indexOf('node') === ops.indexOf('propagation') + 1 && ops.indexOf('node') < ops.indexOf('root_tmpfs'),
    );
    const node = launch.steps.find(({ op }) => op === 'node');
    const key = 'mounts./dev/tty0';
    const numbers = { type: 'c', major: 188, minor: 0 };
    assert.deepEqual(node, { op: 'node', source: '/dev/bus/7', ...numbers, mode: 0o660, uid: 1000, gid: 1000, optional: false, key }); // prettier-ignore
    assert.deepEqual(
      launch.steps.find(({ op }) => op === 'device'),
      { op: 'device', index: 0, target: '/dev/tty0', optional: false, key },
    );
    const rules = cgroup.writes.find(({ op }) => op === 'devices');
    assert.equal(rules?.key, key);
    assert.ok(rules.rules?.includes('allow c 188:0 rw'), rules.rules?.join());
    assert.ok(rules.rules?.includes('allow c 1:3 rwm'), 'and the standard nodes');
  });

  test('goes after the rules of the manifest, whose keys stay theirs', () => {
    const devices = [{ allow: false, type: 'c', major: 188, minor: 0, access: 'w' }] as const;
    const { cgroup } = planned({ '/dev/ttyUSB0': tty }, { cgroups: { devices: [...devices] } });
    const rules = cgroup.writes.find(({ op }) => op === 'devices');
    assert.equal(rules?.key, 'cgroups.devices');
    assert.ok(rules.rules?.includes('allow c 188:0 rw'));
    const hole = planned(
      { '/dev/ttyUSB0': tty },
      { cgroups: { devices: [{ allow: true, type: 'a', access: 'rwm' }, { allow: false, type: 'c', major: 188, access: 'rwm' }] } },
    ); // prettier-ignore
    assert.deepEqual(
      hole.problems.map(({ code, details }) => [code, details['key']]),
      [['TH1306', 'mounts./dev/tty0']],
    );
  });

  test('of what is not known of another board is refused, not guessed', () => {
    const { problems } = planned({});
    assert.deepEqual(problems.map(({ code, message }) => [code, message]), [['TH3009', 'the facts do not say which device `/dev/ttyUSB0` is']]); // prettier-ignore
  });
});
