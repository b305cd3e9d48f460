import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  acquireGroups,
  planCgroups,
  planDeviceChange,
  planUpdate,
  type CgroupPlan,
  type DeviceRule,
  type FakeKernelFs,
  type Resources,
} from '../../../src/cgroups/index.ts';
import type { Board } from '../../../src/runtime/container.ts';
import { deviceObstacles, putInForce, toldOf, type LiveChange } from '../../../src/runtime/live-apply.ts';
import { factsOf, v1Board, v2Board } from '../cgroups/fake-boards.ts';
import { request } from '../cgroups/requests.ts';

const NONE: DeviceRule = { allow: false };
const rule = (minor: number): DeviceRule => ({ allow: true, type: 'c', major: 89, minor, access: 'rw' });

const FROM: Resources = { pids: { limit: 20 }, cpu: { shares: 512 }, devices: [NONE, rule(1)] };
const TO: Resources = { pids: { limit: 40 }, cpu: { shares: 2048 }, devices: [NONE, rule(2)] };

interface Trial {
  fs: FakeKernelFs;
  change: LiveChange;
  attached: string[];
  put: () => Promise<unknown>;
  /** What the kernel shows of the limits and, on v1, of the devices. */
  state: () => string[];
}

function trial(fs: FakeKernelFs, answer?: string): Trial {
  const facts = factsOf(fs);
  const planOf = (resources: Resources): CgroupPlan => planCgroups(request('v1', resources, { facts }));
  const [before, after] = [planOf(FROM), planOf(TO)];
  const { groups } = acquireGroups(fs, before);
  const change: LiveChange = {
    update: planUpdate(groups, [before], after),
    devices: planDeviceChange(fs, groups, [before], after),
  };
  const attached: string[] = [];
  const setDevices = (path: string): Promise<string | undefined> => {
    if (answer === undefined) attached.push(path);
    return Promise.resolve(answer);
  };
  const launcher = { setDevices, protocol: 2, build: 'test' } as unknown as Board['launcher'];
  const files = ['pids.max', 'cpu.shares', 'cpu.weight', 'devices.list'];
  const state = (): string[] =>
    groups.flatMap(({ path }) =>
      fs
        .list(path)
        .filter(({ name }) => files.includes(name))
        .map(({ name }) => `${name} ${fs.read(`${path}/${name}`).trim()}`),
    );
  return { fs, change, attached, put: () => putInForce({ fs, launcher }, change, false), state };
}

describe('limits and rules about devices change as one', () => {
  test('on v1 by the writes that differ, devices last', async () => {
    const { fs, change, put, state } = trial(v1Board());
    fs.log.length = 0;
    assert.deepEqual(await put(), []);
    assert.deepEqual(state().sort(), ['cpu.shares 2048', 'devices.list c 89:2 rw', 'pids.max 40']);
    const told = toldOf(change).writes.map(({ path, file, value }) => `write ${path}/${file} ${value}`);
    assert.deepEqual(fs.log.filter((line) => line.startsWith('write ')), told);
    assert.match(told.at(-1) ?? '', /devices\.deny c 89:1 rw$/);
  }); // prettier-ignore

  test('on v2 by the writes that differ, then another program', async () => {
    const { change, attached, put, state } = trial(v2Board());
    assert.deepEqual(await put(), []);
    assert.deepEqual(state().sort(), ['cpu.weight 174', 'pids.max 40']);
    const path = '/sys/fs/cgroup/thuban/c-app@1.0.0';
    assert.deepEqual(attached, [path]);
    assert.deepEqual(toldOf(change).devices, { path, rules: ['deny a *:* rwm', 'allow c 89:2 rw'] });
  });

  test('so that refused rules take the limits back', async () => {
    const refused = trial(v2Board(), 'EPERM');
    const before = refused.state();
    await assert.rejects(refused.put(), { code: 'TH2008', message: /EPERM\); the old limits stand$/ });
    assert.deepEqual(refused.state(), before);
  });

  for (const file of ['devices.allow', 'devices.deny'])
    test(`so that a refused write of ${file} takes the limits back`, async () => {
      const refused = trial(v1Board());
      const before = refused.state();
      refused.fs.faults.push({ op: 'write', path: new RegExp(`/${file.replace('.', '\\.')}$`), errno: 'EPERM', times: 1 });
      await assert.rejects(refused.put(), { code: 'TH2004', message: /; the old limits stand$/ });
      assert.deepEqual(refused.state(), before);
    }); // prettier-ignore

  for (const [version, board] of [['v1', v1Board], ['v2', v2Board]] as const)
    test(`so that a refused limit leaves the rules alone on ${version}`, async () => {
      const refused = trial(board());
      const before = refused.state();
      refused.fs.faults.push({ op: 'write', path: /cpu\.(shares|weight)$/, errno: 'ERANGE', times: 1 });
      refused.fs.log.length = 0;
      await assert.rejects(refused.put(), { code: 'TH2004', message: /; the old limits stand$/ });
      assert.deepEqual([refused.state(), refused.attached], [before, []]);
      assert.ok(!refused.fs.log.some((line) => line.includes('devices.')));
    }); // prettier-ignore

  test('and what of both cannot be taken back is told at once', async () => {
    const { fs, put } = trial(v1Board());
    fs.faults.push({
      op: 'write',
      path: /devices\.deny$/,
      errno: 'EPERM',
      then: () => fs.faults.push({ op: 'write', path: /(devices\.deny|pids\.max)$/, errno: 'EIO' }),
    });
    await assert.rejects(put(), {
      code: 'TH2017',
      message: /devices\.list is `c 89:1 rw, c 89:2 rw` and was `c 89:1 rw`, pids\.max is `40` and was `20`$/,
    });
  });
});

describe('other rules about devices take a new start', () => {
  const launcher = (protocol: number): Board['launcher'] =>
    ({ protocol, build: '0.0.9' }) as unknown as Board['launcher'];

  test('where the launcher is too old to change a program', () => {
    const { devices } = trial(v2Board()).change;
    const [obstacle] = deviceObstacles(devices, launcher(1));
    assert.deepEqual([obstacle?.key, obstacle?.message.includes('launcher of 0.0.9')], ['cgroups.devices', true]);
    assert.deepEqual(deviceObstacles(devices, launcher(2)), []);
    assert.deepEqual(deviceObstacles(trial(v1Board()).change.devices, launcher(1)), []);
  });

  test('where v1 cannot go there', () => {
    const [obstacle] = deviceObstacles({ how: 'restart', why: 'so it is' }, launcher(2));
    assert.deepEqual(obstacle, { key: 'cgroups.devices', message: 'so it is' });
  });
});
