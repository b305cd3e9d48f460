import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  acquireGroups,
  planDeviceChange,
  updateDevices,
  type AttachProgram,
  type CgroupPlan,
  type DeviceChange,
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
        for (const { file, value } of transition([from], to)) {
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
        assert.deepEqual(transition([forVersion1(list)], forVersion1(list)), []);
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
        transition([list(from)], list(to)).map(({ file, value }) => [file, value]),
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
    const { groups } = planned('v1', rules, { facts });
    const planOf = (list: DeviceRule[] | undefined): CgroupPlan =>
      list === undefined ? planned('v1', [], { facts, resources: {} }) : planned('v1', list, { facts });
    /** The last one is to be in force, of the others it is not known which one is. */
    const change = (...lists: (DeviceRule[] | undefined)[]): DeviceChange => {
      const plans = lists.map(planOf);
      return planDeviceChange(fs, groups, plans.slice(0, -1), planOf(lists.at(-1)));
    };
    acquireGroups(fs, planOf(rules));
    const group = fs.group('/sys/fs/cgroup/devices/thuban/c-app@1.0.0');
    fs.log.length = 0;
    const to = async (...lists: (DeviceRule[] | undefined)[]): Promise<string> => {
      const planned = change(...lists);
      await updateDevices(fs, planned, attachNothing);
      return planned.how;
    };
    return { fs, group, change, planOf, to };
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
    const { fs, change, planOf } = started([NONE, NULL]);
    const deaf: KernelFs = Object.assign(v1Board(), { read: (path: string) => fs.read(path) });
    acquireGroups(deaf, planOf([NONE, NULL]));
    deaf.write = () => undefined;
    await assert.rejects(updateDevices(deaf, change([NONE, NULL], [NONE, NULL, CAN]), attachNothing), {
      code: 'TH2004',
      message: /keeps `c 1:3 rw` in devices\.list instead of `c 1:3 rw, c 89:1 rwm`/,
    });
  });

  test('without a group to write to needs a restart', async () => {
    const fs = v1Board();
    const facts = factsOf(fs);
    const before = planned('v1', [], { facts, resources: {} });
    const change = planDeviceChange(fs, before.groups, [before], planned('v1', [NULL], { facts }));
    assert.deepEqual(change, { how: 'restart', why: 'it runs in no group of the devices controller' });
    await updateDevices(fs, change, attachNothing);
  });

  test('that cannot be taken back names what stands', async () => {
    const { fs, to } = started([NONE, NULL, CAN]);
    fs.faults.push({
      op: 'write',
      path: /devices\.deny$/,
      errno: 'EPERM',
      then: () => fs.faults.push({ op: 'write', path: /devices\.deny$/, errno: 'EPERM' }),
    });
    await assert.rejects(to([NONE, NULL, CAN], [NONE, NULL, { ...CAN, minor: 2 }]), {
      code: 'TH2017',
      message: /devices\.list is `c 1:3 rw, c 89:1 rwm, c 89:2 rwm` and was `c 1:3 rw, c 89:1 rwm`$/,
    });
  });

  test('from one of two lists ends at the third, whichever it was', async () => {
    for (const first of [NO_DISK, NO_CAN]) {
      const { group, to } = started([ALL, first]);
      const gone: DeviceRule = { allow: false, type: 'c', major: 1, minor: 5 };
      assert.equal(await to([ALL, NO_DISK], [ALL, NO_CAN], [ALL, gone]), 'writes');
      const [disk, can, zero] = [mayUse(group, 'b', 8, 0, 'r'), mayUse(group, 'c', 89, 1, 'r'), mayUse(group, 'c', 1, 5, 'r')]; // prettier-ignore
      assert.deepEqual([disk, can, zero], [true, true, false]);
    }
  });

  test('without the section goes back to what the group above has', async () => {
    const { fs, group, to } = started([NONE, NULL]);
    for (const line of ['b *:* rwm', 'c 89:1 rwm', 'c 1:3 rw']) fs.write(`${group.path}/devices.allow`, line);
    const above = fs.group('/sys/fs/cgroup/devices/thuban');
    above.values.set('devices.list', 'c 1:3 rw\nc 89:1 rwm');
    assert.equal(await to([NONE, NULL], undefined), 'writes');
    assert.deepEqual(fs.read(`${group.path}/devices.list`).trim().split('\n').sort(), ['c 1:3 rw', 'c 89:1 rwm']);
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
    const attached: [string, Buffer, string[], boolean][] = [];
    const attach: AttachProgram = ({ path, program, rules, limits }) => {
      attached.push([path, program, rules, limits]);
      return Promise.resolve();
    };
    const { groups } = plans.can;
    const change = (...of: (keyof typeof plans)[]): DeviceChange => {
      const all = of.map((one) => plans[one]);
      return planDeviceChange(fs, groups, all.slice(0, -1), all.at(-1) ?? plans.none);
    };
    await updateDevices(fs, change('can', 'can'), attach);
    await updateDevices(fs, change('none', 'none'), attach);
    assert.equal(attached.length, 0);
    await updateDevices(fs, change('none', 'can'), attach);
    await updateDevices(fs, change('can', 'none'), attach);
    await updateDevices(fs, change('can', 'none', 'none'), attach);
    const path = '/sys/fs/cgroup/thuban/c-app@1.0.0';
    assert.deepEqual(
      attached.map(([to, program, rules, limits]) => {
        return [to, run(program, 'c', 89, 1, 'rw'), run(program, 'b', 8, 0, 'r'), rules.length > 1, limits];
      }),
      [
        [path, true, false, true, true],
        [path, true, true, false, false],
        [path, true, true, false, false],
      ],
    );
  });

  test('needs a group', () => {
    const fs = v2Board();
    const facts = factsOf(fs);
    const [none, can] = [planned('v2', [], { facts, resources: {} }), planned('v2', [CAN], { facts })];
    assert.equal(planDeviceChange(fs, [], [none], can).how, 'restart');
    assert.equal(planDeviceChange(fs, [], [none], none).how, 'none');
  });
});
