import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { capabilityMask } from '../../../src/launcher/capabilities.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { fromObject, runToEnd, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { almighty, asRoot, field, ownCapabilities } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const canFilter = existsSync('/proc/sys/kernel/seccomp/actions_avail');
const NO_FILTER = 'needs a kernel with CONFIG_SECCOMP_FILTER';
const SETS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];

/** Files of /proc/self, read by a program that is nothing but itself: no shell changes its signals or descriptors. */
async function read(files: string[], sections: Partial<Manifest>): Promise<string> {
  let stdout = '';
  await leavesNothingBehind(async () => {
    const loaded = fromObject({
      ...shell('').manifest,
      ...sections,
      init: '/bin/cat',
      args: files.map((name) => `/proc/self/${name}`),
    });
    const result = await runToEnd(loaded);
    assert.equal(result.exit.code, 0, `${JSON.stringify(result.exit)} ${result.stderr}`);
    stdout = result.stdout;
  });
  return stdout;
}

function capabilitySets(status: string): Record<string, bigint> {
  return Object.fromEntries(SETS.map((name) => [name, BigInt(`0x${field(status, name)}`)]));
}

describe('the identity of a program', needsRoot(), () => {
  for (const [who, sections, wanted] of [
    ['a user', {}, []],
    ['root', asRoot, []],
    [
      'a user with two capabilities',
      { capabilities: ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'] },
      ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'],
    ],
    ['root with one capability', { ...asRoot, capabilities: ['CAP_NET_RAW'] }, ['CAP_NET_RAW']],
    ['root with all of them', almighty, ownCapabilities],
  ] as [string, Partial<Manifest>, string[]][]) {
    test(`${who}: every capability set holds ${wanted.length === 0 ? 'nothing' : 'exactly what the manifest lists'}`, async () => {
      const status = await read(['status'], sections);
      const mask = capabilityMask(wanted);
      assert.deepEqual(capabilitySets(status), Object.fromEntries(SETS.map((name) => [name, mask])));
      assert.equal(field(status, 'NoNewPrivs'), '1');
    });
  }

  // Each way to execve has its own rules for what it leaves: a filter without no_new_privs is set with CAP_SYS_ADMIN, which must be gone.
  for (const [who, identity] of [
    ['a user', {}],
    ['root', asRoot],
  ] as [string, Partial<Manifest>][])
    for (const no_new_privs of [true, false])
      for (const filtered of [false, true])
        for (const wanted of [[], ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']]) {
          const how = `${no_new_privs ? 'with' : 'without'} no_new_privs, ${filtered ? 'filtered' : 'unfiltered'}`;
          test(
            `${who} ${how}: the five sets are [${wanted.join(', ')}]`,
            { skip: filtered && !canFilter && NO_FILTER },
            async () => {
              const process = { ...identity.process, no_new_privs } as NonNullable<Manifest['process']>;
              const seccomp: Partial<Manifest> = filtered ? { seccomp: { profile: 'default' } } : {};
              const status = await read(['status'], { ...identity, ...seccomp, process, capabilities: wanted });
              const mask = capabilityMask(wanted);
              assert.deepEqual(capabilitySets(status), Object.fromEntries(SETS.map((name) => [name, mask])));
              assert.equal(field(status, 'NoNewPrivs'), no_new_privs ? '1' : '0');
              assert.equal(field(status, 'Seccomp'), filtered ? '2' : '0');
            },
          );
        }

  test('has the ids of the manifest and exactly its supplementary groups', async () => {
    const status = await read(['status'], { uid: 1234, gid: 4321, suppl_groups: ['daemon', '777'] });
    assert.equal(field(status, 'Uid').replaceAll('\t', ' '), '1234 1234 1234 1234');
    assert.equal(field(status, 'Gid').replaceAll('\t', ' '), '4321 4321 4321 4321');
    assert.equal(field(status, 'Groups'), '1 777');
    for (const id of [10, 1000, 3000]) {
      const plain = await read(['status'], { uid: id, gid: id });
      const four = Array.from({ length: 4 }, () => id).join(' ');
      for (const name of ['Uid', 'Gid']) assert.equal(field(plain, name).replaceAll('\t', ' '), four);
    }
    assert.equal(field(await read(['status'], {}), 'Groups'), '');
    assert.equal(field(await read(['status'], asRoot), 'Groups'), '');
  });

  test('starts with clean signals, a plain score and the mask of a new file', async () => {
    const seen = await read(['status', 'oom_score_adj'], {});
    for (const set of ['SigBlk', 'SigIgn', 'SigCgt', 'SigPnd', 'ShdPnd'])
      assert.equal(BigInt(`0x${field(seen, set)}`), 0n, set);
    assert.match(seen, /\n0\n$/);
    assert.match(field(seen, 'Umask'), /^0?022$/);
    assert.equal(field(seen, 'Threads'), '1');
  });

  test('has the resource limits of the manifest', async () => {
    const rlimits = {
      nofile: { soft: 64, hard: 128 },
      core: { soft: 0, hard: 0 },
      stack: { soft: 1024 * 1024, hard: null },
      cpu: { soft: 30, hard: 60 },
      nproc: { soft: 10_000, hard: 20_000 },
    };
    const seen = await read(['limits'], { rlimits });
    assert.match(seen, /^Max open files +64 +128 +files/m);
    assert.match(seen, /^Max core file size +0 +0 +bytes/m);
    assert.match(seen, /^Max stack size +1048576 +unlimited +bytes/m);
    assert.match(seen, /^Max cpu time +30 +60 +seconds/m);
    assert.match(seen, /^Max processes +10000 +20000 +processes/m);
  });

  test('a capability works, and without it the same is refused', async () => {
    await leavesNothingBehind(async () => {
      const mounts: Manifest['mounts'] = { '/data': { type: 'tmpfs', size: 65536 } };
      const script = 'touch /data/x && chown 4242 /data/x; stat -c %u /data/x';
      const able = await runToEnd(shell(script, { mounts, capabilities: ['CAP_CHOWN'] }));
      assert.deepEqual([able.stdout, able.stderr], ['4242\n', '']);
      const unable = await runToEnd(shell(script, { mounts }));
      assert.equal(unable.stdout, '1000\n');
      assert.match(unable.stderr, /not permitted/);
      const root = await runToEnd(shell(script, { ...asRoot, mounts }));
      assert.equal(root.stdout, '0\n', 'root without the capability is an ordinary user');
    });
  });

  test('a set-user-id program gives nobody more', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      copyFileSync('/usr/bin/id', `${folder.path}/id`);
      chmodSync(`${folder.path}/id`, 0o4755);
      const mounts: Manifest['mounts'] = { '/data': { type: 'bind', host: folder.path } };
      const { stdout } = await runToEnd(shell('stat -c %a /data/id; /data/id -u', { mounts }));
      assert.equal(stdout, '4755\n1000\n');
    });
  });
});
