import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  plainFacts,
  planCgroups,
  type CgroupPlan,
  type Notice,
  type ProgramChange,
} from '../../../src/cgroups/index.ts';
import { needProtocol } from '../../../src/launcher/messages.ts';
import { attachDevicePrograms, deviceAttacher } from '../../../src/runtime/device-programs.ts';

function planOf(enforce: 'strict' | 'best_effort', devices: boolean): CgroupPlan {
  return planCgroups({
    resources: devices ? { devices: [] } : {},
    name: 'app',
    version: '1.0.0',
    facts: plainFacts('v2'),
    parent: 'self',
    enforce,
    machine: { pageSize: 4096, cpus: '0', nodes: '0', memory: 2 ** 30 },
  });
}

const answering = (errno?: string) => {
  const calls: [string, number][] = [];
  return {
    calls,
    setDevices: (path: string, program: Buffer) => {
      calls.push([path, program.length / 8]);
      return Promise.resolve(errno);
    },
  };
};

const CHANGE: ProgramChange = {
  how: 'program',
  path: '/group',
  program: Buffer.alloc(8),
  rules: [],
  optional: false,
  limits: true,
};

describe('the device program of a start', () => {
  test('is attached to the v2 group', async () => {
    const launcher = answering();
    const plan = planOf('strict', true);
    assert.deepEqual(await attachDevicePrograms(launcher, plan), []);
    assert.deepEqual(launcher.calls, [['/sys/fs/cgroup/thuban/c-app@1.0.0', plan.writes.at(-1)?.instructions]]);
  });

  test('is none without the section', async () => {
    const launcher = answering('EINVAL');
    assert.deepEqual(await attachDevicePrograms(launcher, planOf('strict', false)), []);
    assert.deepEqual(launcher.calls, []);
  });

  const ROWS: [string, RegExp, string | undefined][] = [
    ['EINVAL', /invalid argument \(EINVAL\)/, 'build the kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF'],
    ['ENOSYS', /ENOSYS/, 'build the kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF'],
    ['EPERM', /EPERM/, 'run as root of the whole board; `bpftool cgroup tree` shows programs of groups above'],
    ['ENOMEM', /ENOMEM/, undefined],
  ];
  for (const [errno, message, hint] of ROWS)
    test(`that the kernel answers ${errno} to refuses the start`, async () => {
      await assert.rejects(attachDevicePrograms(answering(errno), planOf('strict', true)), {
        code: 'TH2008',
        message,
        hint,
      });
      await assert.rejects(deviceAttacher(answering(errno), [])(CHANGE), { code: 'TH2008', message });
    });

  test('degrades a container that asks for best effort, if the kernel cannot have it', async () => {
    const plan = planOf('best_effort', true);
    const [notice, ...more] = await attachDevicePrograms(answering('EINVAL'), plan);
    assert.deepEqual([notice?.code, notice?.key, more], ['TH2008', 'cgroups.devices', []]);
    await assert.rejects(attachDevicePrograms(answering('ENOMEM'), plan), { code: 'TH2008' });
  });

  test('degrades it in the same way while it runs, unless its rules are to go', async () => {
    const degraded: Notice[] = [];
    const change = { ...CHANGE, optional: true };
    await deviceAttacher(answering('EINVAL'), degraded)({ ...change, limits: false });
    assert.deepEqual(degraded, []);
    await deviceAttacher(answering('EINVAL'), degraded)(change);
    assert.deepEqual(
      degraded.map(({ code, key }) => [code, key]),
      [['TH2008', 'cgroups.devices']],
    );
    await assert.rejects(deviceAttacher(answering('ENOMEM'), degraded)(change), { code: 'TH2008' });
  });

  test('is refused where an older launcher still runs, and how to end it is said', () => {
    const launcher = { protocol: 1, build: '0.1.0', pid: 77 };
    assert.throws(
      () => {
        needProtocol(launcher, 2, 'guard devices on cgroups v2');
      },
      { code: 'TH3011', message: /pid 77.*too old to guard devices/, hint: /thuban shutdown/ },
    );
    needProtocol({ ...launcher, protocol: 2 }, 2, 'guard devices on cgroups v2');
  });
});
