import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../../src/base/index.ts';
import { acquireGroups, plainFacts, type DeviceRule } from '../../../../src/cgroups/index.ts';
import { NOTHING } from '../../../../src/cgroups/devices/list.ts';
import { compileDevices } from '../../../../src/cgroups/devices/program.ts';
import { skipCorpus, vectors } from '../corpus.ts';
import { factsOf, v1Board } from '../fake-boards.ts';
import { without } from '../requests.ts';
import { run } from './machine.ts';
import { planned, v1Rules, v2Program } from './rules.ts';

const CAN: DeviceRule = { allow: true, type: 'c', major: 89, minor: 1, access: 'rw' };

describe('planned rules about devices', () => {
  test('stand after "nothing" and the standard nodes, on v1 as writes in a group of their own', () => {
    const plan = planned('v1', [CAN]);
    const writes = v1Rules(plan);
    assert.deepEqual(writes[0], ['devices.deny', 'a']);
    assert.deepEqual(writes.at(-1), ['devices.allow', 'c 89:1 rw']);
    assert.equal(writes.length, 14);
    assert.ok(plan.groups.some(({ controllers }) => controllers.includes('devices')));
    assert.deepEqual(v1Rules(planned('v1', [])), writes.slice(0, -1), 'an empty list is the standard nodes alone');
  });

  test('make no group where the manifest has none', () => {
    const plan = planned('v1', [], { resources: {} });
    assert.ok(!plan.groups.some(({ controllers }) => controllers.includes('devices')));
  });

  test('are one operation of v2, the last, with what it says and how long it is', () => {
    const { writes, groups } = planned('v2', [CAN]);
    const { op, controller, path, rules, instructions, program, key } = writes.at(-1) ?? assert.fail('no writes');
    assert.deepEqual([op, controller, path, key], ['devices', 'devices', groups[0]?.path, 'cgroups.devices']);
    assert.deepEqual([rules?.[0], rules?.at(-1), rules?.length], ['deny a *:* rwm', 'allow c 89:1 rw', 14]);
    assert.equal(Buffer.from(program ?? '', 'base64').length, 8 * (instructions ?? 0));
  });

  test('go to v1 where its hierarchy is mounted, else to the v2 tree, also when that has no controller', () => {
    const hybrid = { ...plainFacts('v1'), layout: 'hybrid' as const, unified: { mountpoint: '/sys/fs/cgroup/unified', root: '/', own: '/', controllers: [] } };
    assert.equal(v1Rules(planned('v2', [CAN], { facts: hybrid })).length, 14);
    const bare = planned('v2', [CAN], { facts: without(hybrid, 'devices') });
    assert.equal(bare.writes.at(-1)?.path, '/sys/fs/cgroup/unified/thuban/c-app@1.0.0');
    assert.ok(bare.groups.some(({ path }) => path === '/sys/fs/cgroup/unified/thuban/c-app@1.0.0'));
  }); // prettier-ignore

  test('are refused where there is neither', () => {
    assert.throws(() => planned('v1', [CAN], { facts: without(plainFacts('v1'), 'devices') }), { code: 'TH2001' });
    const { degraded, writes } = planned('v1', [CAN], {
      facts: without(plainFacts('v1'), 'devices'),
      enforce: 'best_effort',
    });
    assert.deepEqual([degraded.map(({ code }) => code), writes.filter(({ controller }) => controller === 'devices')], [['TH2001'], []]);
  }); // prettier-ignore

  const ROWS: [string, DeviceRule[], string, string, RegExp][] = [
    ['letters that there are not', [{ ...CAN, access: 'rwx' }], 'TH1201', '0.access', /`rwx`/],
    ['a letter twice', [CAN, { ...CAN, access: 'rr' }], 'TH1201', '1.access', /`rr`/],
    ['a kind that there is not', [{ ...CAN, type: 'p' as 'c' }], 'TH1201', '0.type', /`p`/],
    ['numbers of every device', [{ allow: true, major: 1 }], 'TH1306', '0.major', /type: a/],
    ['a major number of more than 12 bits', [{ ...CAN, major: 4096 }], 'TH1205', '0.major', /4096/],
    ['a minor number of more than 20 bits', [{ ...CAN, minor: 1_048_576 }], 'TH1205', '0.minor', /1048576/],
    ['a negative number', [{ ...CAN, minor: -1 }], 'TH1205', '0.minor', /-1/],
    [
      'a hole in an earlier rule',
      [{ allow: false }, { allow: true, type: 'c' }, { allow: false, type: 'c', major: 1, minor: 11, access: 'r' }],
      'TH1306',
      '2',
      /takes `r` out of `c \*:\* rwm`, which an earlier rule allows/,
    ],
    [
      'a hole in what is denied',
      [{ allow: true }, { allow: false, type: 'b' }, { allow: true, type: 'b', major: 8 }],
      'TH1306',
      '2',
      /which an earlier rule denies/,
    ],
    [
      'a hole in the standard nodes',
      [{ allow: false, type: 'c', major: 1, minor: 3 }],
      'TH1306',
      '0',
      /takes `m` out of `c \*:\* m`, which the list of standard nodes allows/,
    ],
    ['more rules than a program holds', Array.from({ length: 513 }, (_, minor) => ({ ...CAN, minor })), 'TH1205', '', /513/],
  ]; // prettier-ignore
  for (const [what, rules, code, at, message] of ROWS)
    for (const version of ['v1', 'v2'] as const)
      test(`with ${what} are refused on ${version}`, () => {
        assert.throws(
          () => planned(version, rules),
          (error: unknown) => {
            assert.ok(error instanceof ThubanError);
            assert.deepEqual(
              [error.code, error.details['key']],
              [code, at === '' ? 'cgroups.devices' : `cgroups.devices.${at}`],
            );
            assert.match(error.message, message);
            return true;
          },
        );
      });

  test('may be 512, and a standard node may be denied but for making it', () => {
    const many = Array.from({ length: 512 }, (_, minor) => ({ ...CAN, minor }));
    assert.equal(run(v2Program(planned('v2', many)), 'c', 89, 511, 'rw'), true);
    const program = v2Program(planned('v2', [{ allow: false, type: 'c', major: 1, minor: 3, access: 'rw' }]));
    assert.deepEqual([run(program, 'c', 1, 3, 'r'), run(program, 'c', 1, 5, 'r')], [false, true]);
  });

  test('that multiply beyond what a kernel takes are refused', () => {
    const rules = Array.from({ length: 256 }, (_, i): DeviceRule[] => [
      { allow: true, type: 'c', major: i, access: 'r' },
      { allow: true, type: 'c', minor: i, access: 'w' },
    ]).flat();
    assert.throws(() => planned('v2', rules), { code: 'TH1205', message: /instructions/ });
  });
});

describe('the v1 group of devices', () => {
  test('is read back as a whole', () => {
    const fs = v1Board();
    const plan = planned('v1', [CAN], { facts: factsOf(fs) });
    acquireGroups(fs, plan);
    const list = fs.read('/sys/fs/cgroup/devices/thuban/c-app@1.0.0/devices.list').trim().split('\n');
    assert.deepEqual([list.length, list.at(-1)], [13, 'c 89:1 rw']);
  });

  test('that does not show what was written is removed, and the difference told', () => {
    const fs = v1Board();
    const plan = planned('v1', [CAN], { facts: factsOf(fs) });
    const path = '/sys/fs/cgroup/devices/thuban/c-app@1.0.0';
    fs.faults.push({ op: 'write', path: `${path}/devices.allow`, errno: 'EPERM', times: 1 });
    assert.throws(() => acquireGroups(fs, plan), { code: 'TH2004', message: /c \*:\* m.*devices\.allow/ });
    assert.throws(() => fs.stat(path));
  });
});

/** The vector of an empty list is about a program without the standard nodes, which no manifest asks for. */
function programFor(rules: DeviceRule[]): Buffer {
  return rules.length === 0 ? compileDevices(NOTHING) : v2Program(planned('v2', rules));
}

/** The words of the vectors as codes. */
const CODES: Record<string, string> = { conflict: 'TH1306', bad_format: 'TH1201' };

for (const vector of vectors('devices')) {
  const rules = (vector.input as { devices: DeviceRule[] }).devices;
  for (const version of ['v1', 'v2'] as const) {
    const error = vector.error?.[version];
    test(`vector ${vector.id} holds on ${version}`, () => {
      if (error !== undefined) {
        assert.throws(() => planned(version, rules), { code: CODES[error] });
        return;
      }
      const plain = rules.length === 0 ? { resources: {} } : {};
      const { writes = [] } = vector.v1 as unknown as { writes?: string[][] };
      if (version === 'v1') assert.deepEqual(v1Rules(planned('v1', rules, plain)), writes);
      const { program_decisions: decisions } = vector.v2 as unknown as {
        program_decisions: [string, number, number, string, boolean][];
      };
      if (version === 'v2')
        for (const [type, major, minor, access, allowed] of decisions)
          assert.equal(
            run(programFor(rules), type, major, minor, access),
            allowed,
            `${type} ${major}:${minor} ${access}`,
          );
    });
  }
}

test('the vectors about devices are replayed', { skip: skipCorpus }, () => {
  assert.ok(vectors('devices').length > 0);
});
