import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  acquireGroups,
  planDeviceChange,
  updateDevices,
  type CgroupPlan,
  type DeviceRule,
  type KernelFs,
} from '../../../../src/cgroups/index.ts';
import { decide, forVersion1, type DeviceList } from '../../../../src/cgroups/devices/list.ts';
import { accessBits } from '../../../../src/cgroups/devices/rule.ts';
import { listWrites, readDevicesList, transition } from '../../../../src/cgroups/devices/version1.ts';
import { mayUse } from '../../../../src/cgroups/fake/v1-devices.ts';
import { factsOf, v1Board, v2Board } from '../fake-boards.ts';
import { run } from './machine.ts';
import { anyList, ASKED, deviceBoard, nodes, planned } from './rules.ts';

const attachNothing = (): Promise<void> => Promise.reject(new Error('no program was expected'));

const pairs = fc.tuple(anyList, anyList).filter(([from, to]) => from.fallback === to.fallback);

describe('the way from one list to another on v1', () => {
  test('refuses at no time what both allow, allows at no time what both refuse, and ends where it should', () => {
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const [from, to] = [forVersion1(one), forVersion1(other)];
        const fs = deviceBoard();
        for (const { file, value } of listWrites(from)) fs.write(`/dev-cg/box/${file}`, value);
        const allowed = (list: DeviceList, type: 'b' | 'c', major: number, minor: number, letters: string): boolean =>
          decide(list, { type, major, minor, access: accessBits(letters) ?? 0 });
        const check = (isEnd: boolean): void => {
          for (const { type, major, minor } of nodes)
            for (const letters of ASKED) {
              const now = mayUse(fs.group('/dev-cg/box'), type, major, minor, letters);
              const before = allowed(from, type, major, minor, letters);
              const after = allowed(to, type, major, minor, letters);
              if (before === after || isEnd) assert.equal(now, after, `${type} ${major}:${minor} ${letters}`);
            }
        };
        for (const { file, value } of transition(from, to)) {
          fs.write(`/dev-cg/box/${file}`, value);
          check(false);
        }
        check(true);
      }),
      { numRuns: 200 },
    );
  });

  test('between equal lists is no write at all', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        assert.deepEqual(transition(forVersion1(list), forVersion1(list)), []);
      }),
    );
  });

  test('writes a changed exception once for each direction', () => {
    const list = (text: string): DeviceList => readDevicesList(text) ?? assert.fail('a list that allows all');
    const rows: [string, string, string[][]][] = [
      ['c 1:3 rw', 'c 1:3 rw\nc 1:5 r', [['devices.allow', 'c 1:5 r']]],
      ['c 1:3 rw\nc 1:5 r', 'c 1:3 rw', [['devices.deny', 'c 1:5 r']]],
      ['c 1:3 rwm', 'c 1:3 r', [['devices.deny', 'c 1:3 wm']]],
      ['c 1:3 r', 'c 1:3 w', [['devices.deny', 'c 1:3 r'], ['devices.allow', 'c 1:3 w']]],
      ['c 1:3 rw', 'c 1:* rw', [['devices.allow', 'c 1:* rw'], ['devices.deny', 'c 1:3 rw']]],
    ]; // prettier-ignore
    for (const [from, to, writes] of rows)
      assert.deepEqual(
        transition(list(from), list(to)).map(({ file, value }) => [file, value]),
        writes,
        `${from} → ${to}`,
      );
  });
});

const NULL: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' };
const CAN: DeviceRule = { allow: true, type: 'c', major: 89, minor: 1 };
const NONE: DeviceRule = { allow: false };
const ALL: DeviceRule = { allow: true };
const NO_DISK: DeviceRule = { allow: false, type: 'b', major: 8 };
const NO_CAN: DeviceRule = { allow: false, type: 'c', major: 89 };

describe('a live change of the rules on v1', () => {
  const started = (rules: DeviceRule[]) => {
    const fs = v1Board();
    const facts = factsOf(fs);
    const planOf = (list: DeviceRule[] | undefined): CgroupPlan =>
      list === undefined ? planned('v1', [], { facts, resources: {} }) : planned('v1', list, { facts });
    const plans = (before: DeviceRule[] | undefined, after: DeviceRule[] | undefined): [CgroupPlan, CgroupPlan] => [
      planOf(before),
      planOf(after),
    ];
    acquireGroups(fs, planOf(rules));
    const group = fs.group('/sys/fs/cgroup/devices/thuban/c-app@1.0.0');
    fs.log.length = 0;
    const to = async (...lists: Parameters<typeof plans>): Promise<string> => {
      const change = planDeviceChange(fs, ...plans(...lists));
      await updateDevices(fs, change, attachNothing);
      return change.how;
    };
    return { fs, group, plans, to };
  };

  test('is only what differs', async () => {
    const { fs, to } = started([NONE, NULL]);
    assert.equal(await to([NONE, NULL], [NONE, NULL, CAN]), 'writes');
    assert.deepEqual(fs.log, ['write /sys/fs/cgroup/devices/thuban/c-app@1.0.0/devices.allow c 89:1 rwm']);
    assert.equal(await to([NONE, NULL, CAN], [NONE, NULL, CAN]), 'none');
  });

  test('to rules that allow all goes without a moment that allows nothing, and back', async () => {
    const { fs, group, to } = started([NONE, NULL]);
    assert.equal(await to([NONE, NULL], [ALL]), 'writes');
    assert.ok(!fs.log.some((line) => line.endsWith(' a')), fs.log.join('\n'));
    assert.equal(mayUse(group, 'b', 8, 0, 'rw'), true);
    assert.equal(await to([ALL], [NONE, NULL]), 'writes', 'the kernel still holds what is allowed');
    assert.equal(mayUse(group, 'b', 8, 0, 'r'), false);
    assert.equal(await to([NONE, NULL], undefined), 'writes', 'without the section nothing is limited');
    assert.equal(mayUse(group, 'b', 8, 0, 'rw'), true);
    assert.equal(await to([ALL], [ALL, NO_DISK]), 'restart', 'a list of what is allowed cannot say this');
  });

  test('of what is denied goes by the plan, for the kernel does not show it', async () => {
    const { group, to } = started([ALL, NO_DISK]);
    assert.equal(await to([ALL, NO_DISK], [ALL, NO_CAN]), 'writes');
    assert.equal(mayUse(group, 'b', 8, 0, 'r'), true);
    assert.equal(mayUse(group, 'c', 89, 1, 'r'), false);
    assert.equal(await to([ALL, NO_CAN], [NONE, NULL]), 'restart');
    assert.equal(await to([ALL, NO_CAN], [ALL]), 'writes');
    assert.equal(mayUse(group, 'c', 89, 1, 'r'), true);
  });

  test('that is refused in the middle is taken back', async () => {
    const { fs, group, to } = started([NONE, NULL, CAN]);
    const list = fs.read(`${group.path}/devices.list`);
    fs.faults.push({ op: 'write', path: /devices\.deny$/, errno: 'EPERM', times: 1 });
    await assert.rejects(to([NONE, NULL, CAN], [NONE, NULL, { ...CAN, minor: 2 }]), {
      code: 'TH2004',
      message: /c 89:1 rwm.*devices\.deny/,
    });
    assert.equal(fs.read(`${group.path}/devices.list`), list);
  });

  test('that does not show afterwards is told', async () => {
    const { fs, plans } = started([NONE, NULL]);
    const deaf: KernelFs = Object.assign(v1Board(), { read: (path: string) => fs.read(path) });
    acquireGroups(deaf, plans([NONE, NULL], undefined)[0]);
    deaf.write = () => undefined;
    const change = planDeviceChange(fs, ...plans([NONE, NULL], [NONE, NULL, CAN]));
    await assert.rejects(updateDevices(deaf, change, attachNothing), {
      code: 'TH2004',
      message: /keeps `c 1:3 rw` in devices\.list instead of `c 1:3 rw, c 89:1 rwm`/,
    });
  });

  test('without a group to write to needs a restart', async () => {
    const fs = v1Board();
    const facts = factsOf(fs);
    const change = planDeviceChange(fs, planned('v1', [], { facts, resources: {} }), planned('v1', [NULL], { facts }));
    assert.deepEqual(change, { how: 'restart' });
    await updateDevices(fs, change, attachNothing);
  });
});

describe('a live change of the rules on v2', () => {
  test('is another program for the same group; without the section one that allows all', async () => {
    const fs = v2Board();
    const facts = factsOf(fs);
    const plans = {
      none: planned('v2', [], { facts, resources: {} }),
      can: planned('v2', [CAN], { facts }),
    };
    const attached: [string, Buffer][] = [];
    const attach = (path: string, program: Buffer): Promise<void> => {
      attached.push([path, program]);
      return Promise.resolve();
    };
    await updateDevices(fs, planDeviceChange(fs, plans.can, plans.can), attach);
    await updateDevices(fs, planDeviceChange(fs, plans.none, plans.none), attach);
    assert.equal(attached.length, 0);
    await updateDevices(fs, planDeviceChange(fs, plans.none, plans.can), attach);
    await updateDevices(fs, planDeviceChange(fs, plans.can, plans.none), attach);
    assert.deepEqual(
      attached.map(([path, program]) => [path, run(program, 'c', 89, 1, 'rw'), run(program, 'b', 8, 0, 'r')]),
      [
        ['/sys/fs/cgroup/thuban/c-app@1.0.0', true, false],
        ['/sys/fs/cgroup/thuban/c-app@1.0.0', true, true],
      ],
    );
  });
});
