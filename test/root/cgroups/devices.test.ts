import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { DeviceRule } from '../../../src/cgroups/index.ts';
import { needsPerl, ownPrograms, programNames } from '../../support/bpf.ts';
import { until } from '../../support/processes.ts';
import { disk, fs, inside } from './board.ts';
import { skipDevices, withDevices } from './device-board.ts';

const NONE: DeviceRule = { allow: false };
const memory = (minor: number | undefined, access: string): DeviceRule => ({
  allow: true,
  type: 'c',
  major: 1,
  ...(minor === undefined ? {} : { minor }),
  access,
});

const read = (path: string): string => `exec 3< ${path}`;
const write = (path: string): string => `exec 3> ${path}`;
const both = (path: string): string => `exec 3<> ${path}`;
const make = (folder: string, kind: string, major: number, minor: number): string =>
  `mknod ${folder}/made ${kind} ${major} ${minor} && rm ${folder}/made`;

for (const version of [1, 2] as const) {
  describe(`the rules about devices on v${version}`, { skip: skipDevices(version) }, () => {
    test('allow reading, writing and making a node each by itself', async () => {
      const rules = [NONE, memory(3, 'rw'), memory(5, 'r'), memory(8, 'w'), memory(9, 'm')];
      await withDevices(version, rules, async ({ probe, folder }) => {
        const rows: [string, string][] = [
          [read('/dev/null'), 'ok'],
          [write('/dev/null'), 'ok'],
          [both('/dev/null'), 'ok'],
          [make(folder, 'c', 1, 3), 'EPERM'],
          [read('/dev/zero'), 'ok'],
          [write('/dev/zero'), 'EPERM'],
          [both('/dev/zero'), 'EPERM'],
          [read('/dev/random'), 'EPERM'],
          [write('/dev/random'), 'ok'],
          [read('/dev/urandom'), 'EPERM'],
          [make(folder, 'c', 1, 9), 'ok'],
          [make(folder, 'b', 1, 9), 'EPERM'],
          [read('/dev/full'), 'EPERM'],
        ];
        assert.deepEqual(await probe(rows.map(([command]) => command)), rows.map(([, said]) => said));
      });
    }); // prettier-ignore

    test('allow all minor numbers of a major one, and no other', async () => {
      await withDevices(version, [NONE, memory(undefined, 'rw')], async ({ probe }) => {
        const commands = [both('/dev/null'), read('/dev/zero'), read('/dev/urandom'), read('/dev/ptmx')];
        assert.deepEqual(await probe(commands), ['ok', 'ok', 'ok', 'EPERM']);
      });
    });

    test('deny everything when they say so of both kinds', async () => {
      const rules: DeviceRule[] = [{ allow: false, type: 'b' }, { allow: false, type: 'c' }]; // prettier-ignore
      await withDevices(version, rules, async ({ probe, folder }) => {
        const commands = [read('/dev/null'), write('/dev/null'), make(folder, 'c', 1, 3), make(folder, 'b', 8, 0)];
        assert.deepEqual(await probe(commands), ['EPERM', 'EPERM', 'EPERM', 'EPERM']);
      });
    });

    test('of an empty list allow the standard nodes, making any node, and nothing else', async () => {
      await withDevices(version, [], async ({ probe, folder }) => {
        const block = disk() ?? { major: 7, minor: 0 };
        const node = join(folder, 'disk');
        assert.equal(spawnSync('mknod', [node, 'b', String(block.major), String(block.minor)]).status, 0);
        const rows: [string, string][] = [
          ...['null', 'zero', 'full', 'random', 'urandom', 'ptmx'].map((name): [string, string] => [read(`/dev/${name}`), 'ok']),
          [both('/dev/null'), 'ok'],
          [make(folder, 'b', block.major, block.minor), 'ok'],
          [read(node), 'EPERM'],
          ...(existsSync('/dev/kmsg') ? [[read('/dev/kmsg'), 'EPERM'] as [string, string]] : []),
        ];
        assert.deepEqual(await probe(rows.map(([command]) => command)), rows.map(([, said]) => said));
      });
    }); // prettier-ignore

    test('may allow all but one', async () => {
      const rules: DeviceRule[] = [{ allow: true }, { allow: false, type: 'c', major: 1, minor: 5, access: 'w' }];
      await withDevices(version, rules, async ({ probe }) => {
        const commands = [both('/dev/null'), read('/dev/zero'), write('/dev/zero'), both('/dev/zero')];
        assert.deepEqual(await probe(commands), ['ok', 'ok', 'EPERM', 'EPERM']);
      });
    });

    test('that allow reading here and writing there allow both at once', async () => {
      const rules: DeviceRule[] = [NONE, memory(undefined, 'r'), memory(3, 'w')];
      await withDevices(version, rules, async ({ probe }) => {
        assert.deepEqual(await probe([both('/dev/null'), both('/dev/zero')]), ['ok', 'EPERM']);
      });
    });

    test('may be as many as are allowed', async () => {
      const rules = Array.from({ length: 511 }, (_, i): DeviceRule => ({ allow: true, type: 'b', major: 259, minor: i, access: 'rw' }));
      await withDevices(version, [...rules, memory(11, 'r')], async ({ probe, folder }) => {
        const node = join(folder, 'mem');
        assert.equal(spawnSync('mknod', [node, 'c', '1', '1']).status, 0);
        assert.deepEqual(await probe([both('/dev/null'), read(node)]), ['ok', 'EPERM']);
      });
    }); // prettier-ignore

    test('change under a running program without a wrong refusal', async () => {
      // Each of them allows writing to null and none reads from full; the exception that says so is another each time.
      const lists: DeviceRule[][] = [
        [NONE, memory(3, 'rw')],
        [NONE, memory(3, 'w'), memory(5, 'rw')],
        [NONE, memory(undefined, 'w'), memory(5, 'r')],
        [NONE, memory(undefined, 'wm'), memory(3, 'r')],
      ];
      await withDevices(version, lists[0], async ({ change, groups, folder }) => {
        const [stop, wrong, rounds] = ['stop', 'wrong', 'rounds'].map((name) => join(folder, name));
        assert.ok(stop !== undefined && wrong !== undefined && rounds !== undefined);
        writeFileSync(wrong, '');
        const reader = inside(
          groups,
          `n=0; while [ ! -e '${stop}' ]; do
             (exec 3> /dev/null) 2>> '${wrong}' || echo 'null was refused' >> '${wrong}'
             (exec 3< /dev/full) 2> '${folder}/said' && echo 'full was opened' >> '${wrong}'
             n=$((n + 1)); echo $n > '${rounds}'
           done`,
        );
        const gone = once(reader, 'exit');
        await until('the reader reads', () => existsSync(rounds));
        for (let i = 1; i <= 30; i++) {
          assert.equal(await change(lists[i % lists.length]), version === 1 ? 'writes' : 'program');
          const seen = readFileSync(rounds, 'utf8');
          if (i % 10 === 0) await until('the reader goes on', () => readFileSync(rounds, 'utf8') !== seen);
        }
        writeFileSync(stop, '');
        assert.deepEqual(await gone, [0, null]);
        assert.equal(readFileSync(wrong, 'utf8'), '');
      });
    });

    test('can be given up under a running program, and taken up again', async () => {
      await withDevices(version, [NONE, memory(3, 'rw')], async ({ change, probe }) => {
        await change(undefined);
        assert.deepEqual(await probe([read('/dev/zero'), write('/dev/null')]), ['ok', 'ok']);
        assert.equal(await change([NONE, memory(3, 'rw')]), version === 1 ? 'writes' : 'program');
        assert.deepEqual(await probe([read('/dev/zero'), write('/dev/null')]), ['EPERM', 'ok']);
      });
    });
  });
}

describe('device programs', { skip: skipDevices(2) }, () => {
  test('are one after 100 changes, and none after the group; the launcher keeps nothing open', { skip: needsPerl }, async () => {
    const before = ownPrograms();
    await withDevices(2, [], async ({ change, groups, launcher }) => {
      const path = groups.groups.find(({ version }) => version === 2)?.path;
      assert.deepEqual(programNames(path), ['thuban_devices']);
      const descriptors = readdirSync(`/proc/${launcher.pid}/fd`).length;
      for (let i = 1; i <= 100; i++) await change([{ allow: true, type: 'c', major: 89, minor: i }]);
      assert.deepEqual(programNames(path), ['thuban_devices']);
      assert.equal(readdirSync(`/proc/${launcher.pid}/fd`).length, descriptors);
      await until('the replaced programs are gone', () => ownPrograms() === before + 1);
    });
    await until('the last program is gone', () => ownPrograms() === before);
  }); // prettier-ignore

  test('of 64 changes and more still say the last thing', async () => {
    await withDevices(2, [], async ({ change, probe }) => {
      for (let i = 1; i <= 100; i++) await change([NONE, memory(3, i % 2 === 0 ? 'rw' : 'r')]);
      assert.deepEqual(await probe([write('/dev/null'), read('/dev/zero')]), ['ok', 'EPERM']);
    });
  });

  test('that cannot be attached are told, and the launcher lives on', async () => {
    await withDevices(2, [], async ({ groups, launcher, folder }) => {
      const path = groups.groups.find(({ version }) => version === 2)?.path ?? '/nowhere';
      const allow = Buffer.from('b7000000010000009500000000000000', 'hex');
      const endless = Buffer.from('0500ffff00000000', 'hex');
      const answers: [string, Buffer, string | undefined][] = [
        [`${path}/gone`, allow, 'ENOENT'],
        [folder, allow, 'EBADF'], // no group at all
        [path, Buffer.alloc(0), 'EINVAL'],
        [path, allow.subarray(0, 12), 'EINVAL'],
        [path, Buffer.alloc(8 * 4097), 'EINVAL'],
        [path, endless, 'EINVAL'],
        [path, allow, undefined],
      ];
      for (const [group, program, errno] of answers)
        assert.equal(await launcher.setDevices(group, program), errno, `${group}, ${program.length} bytes`);
      const many = await Promise.all(Array.from({ length: 50 }, () => launcher.setDevices(path, allow)));
      assert.deepEqual(new Set(many), new Set([undefined]), 'also many at once');
      assert.equal(fs.stat(path).directory, true);
    });
  });
});
