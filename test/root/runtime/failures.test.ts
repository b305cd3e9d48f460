import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { gatherFacts, type Exit } from '../../../src/runtime/index.ts';
import { runToEnd, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ownCapabilities } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

interface Expected {
  code: string;
  /** Of the manifest; the error names its line. */
  key: string;
  message?: RegExp;
  hint?: RegExp;
  details?: Record<string, unknown>;
}

/** Starts what cannot start: the state is `failed`, the exit says why and where in the manifest, the machine is as before. */
async function refuses(sections: Partial<Manifest>, expected: Expected): Promise<Exit> {
  let exit: Exit | undefined;
  await leavesNothingBehind(async () => {
    const loaded = shell('echo it runs', sections);
    const result = await runToEnd(loaded);
    exit = result.exit;
    const error = exit.error ?? {};
    const details = error['details'] as Record<string, unknown>;
    assert.deepEqual(
      [exit.reason, error['code'], details['key']],
      ['start_failed', expected.code, expected.key],
      JSON.stringify(exit),
    );
    const { line } = loaded.position(expected.key.split('.'));
    const position = details['position'] as { file: string; line: number };
    assert.deepEqual([position.file, position.line], ['test.yaml', line]);
    assert.ok(line > 1);
    if (expected.message !== undefined) assert.match(String(error['message']), expected.message);
    assert.match(String(error['hint']), expected.hint ?? /\w/);
    for (const [name, value] of Object.entries(expected.details ?? {})) assert.deepEqual(details[name], value, name);
    assert.deepEqual([result.stdout, result.stderr], ['', '']);
    assert.equal(result.supervised.state, 'failed');
    assert.equal(result.supervised.status.pid, undefined);
    const states = result.events.flatMap((event) => (event.type === 'state' ? [event.state] : [event.type]));
    assert.deepEqual(states, ['starting', 'exited', 'failed']);
  });
  assert.ok(exit);
  return exit;
}

describe('a program that cannot be executed', needsRoot(), () => {
  test('because it is absent, or its interpreter is', async () => {
    await refuses({ init: '/bin/absent' }, { code: 'TH3001', key: 'init', message: /\/bin\/absent/ });
    await refuses({ init: '/bin/sh/below' }, { code: 'TH3001', key: 'init' });
    using folder = temporaryFolder();
    writeFileSync(`${folder.path}/script`, '#!/bin/absent\n', { mode: 0o755 });
    const mounts: Manifest['mounts'] = { '/data': { type: 'bind', host: folder.path } };
    await refuses({ init: '/data/script', mounts }, { code: 'TH3001', key: 'init', message: /interpreter/ });
  });

  test('because it is a folder, not executable, or for another machine', async () => {
    using folder = temporaryFolder();
    writeFileSync(`${folder.path}/plain`, '#!/bin/sh\n', { mode: 0o644 });
    writeFileSync(`${folder.path}/private`, '#!/bin/sh\n', { mode: 0o700 });
    writeFileSync(`${folder.path}/text`, 'echo no first line\n', { mode: 0o755 });
    writeFileSync(`${folder.path}/foreign`, '\x7fELF of nothing', { mode: 0o755 });
    mkdirSync(`${folder.path}/folder`);
    const mounts: Manifest['mounts'] = {
      '/data': { type: 'bind', host: folder.path },
      '/locked': { type: 'bind', host: folder.path, options: 'noexec' },
    };
    for (const name of ['plain', 'private', 'folder'])
      await refuses({ init: `/data/${name}`, mounts }, { code: 'TH3003', key: 'init', details: { errno: 'EACCES' } });
    await refuses({ init: '/locked/text', mounts }, { code: 'TH3003', key: 'init', details: { errno: 'EACCES' } });
    for (const name of ['text', 'foreign'])
      await refuses({ init: `/data/${name}`, mounts }, { code: 'TH3003', key: 'init', details: { errno: 'ENOEXEC' } });
  });
});

describe('what the board does not have', needsRoot(), () => {
  test('a host path', async () => {
    const mounts: Manifest['mounts'] = { '/data': { type: 'bind', host: '/nowhere/at/all' } };
    await refuses(
      { mounts },
      { code: 'TH3005', key: 'mounts./data.host', message: /\/nowhere\/at\/all/, hint: /optional/ },
    );
    await refuses({ rootfs: { type: 'dir', path: '/nowhere' } }, { code: 'TH3005', key: 'rootfs' });
  });

  test('a place to mount on', async () => {
    const mounts: Manifest['mounts'] = { '/usr/nowhere': { type: 'tmpfs', size: 4096 } };
    await refuses({ mounts }, { code: 'TH3004', key: 'mounts./usr/nowhere', message: /\/usr\/nowhere/ });
  });

  test('a place of the right kind', async () => {
    const file: Manifest['mounts'] = { '/usr/bin': { type: 'bind', host: '/usr/bin/env' } };
    await refuses({ mounts: file }, { code: 'TH3004', key: 'mounts./usr/bin', message: /ENOTDIR/ });
  });

  test('a group', async () => {
    await refuses(
      { suppl_groups: ['nogroup', 'no-such-group'] },
      { code: 'TH3006', key: 'suppl_groups', message: /`no-such-group`/ },
    );
  });

  test('a right of its own', async (t) => {
    const all = ['CAP_SYS_RESOURCE', 'CAP_SYS_BOOT', 'CAP_SYS_TIME'].filter((name) => !ownCapabilities.includes(name));
    const missing = all[0];
    if (missing === undefined) {
      t.skip('this root has every capability');
      return;
    }
    await refuses({ capabilities: [missing] }, { code: 'TH3007', key: 'capabilities', message: new RegExp(missing) });
  });

  test('a resource limit that it may raise', async (t) => {
    if (ownCapabilities.includes('CAP_SYS_RESOURCE')) {
      t.skip('root here has CAP_SYS_RESOURCE and may raise every limit');
      return;
    }
    const rlimits = { nofile: { soft: 1024, hard: 2 ** 40 } };
    await refuses({ rlimits }, { code: 'TH3007', key: 'rlimits.nofile', hint: /nofile/ });
  });
});

describe('a limit', needsRoot(), () => {
  test('of a controller that the kernel does not have', async (t) => {
    const { controllers, layout } = gatherFacts().cgroups;
    const cases: [string, string, Manifest['cgroups']][] = [
      ['rdma', 'cgroups.rdma.mlx5_0', { rdma: { mlx5_0: { hca_handles: 2 } } }],
      ['net_cls', 'cgroups.network.class_id', { network: { class_id: 1 } }],
    ];
    const absent = cases.filter(([name]) => controllers[name] === undefined);
    if (absent.length === 0) t.skip('this kernel has rdma and net_cls');
    for (const [name, key, cgroups] of absent) {
      // v2 never had net_cls, so there it is the setting that is wrong, not the kernel.
      const foreign = layout === 'v2' && name === 'net_cls';
      const expected = {
        code: foreign ? 'TH2003' : 'TH2001',
        message: foreign ? /cgroups v1/ : new RegExp(name),
      } as const;
      await refuses({ cgroups: cgroups ?? {} }, { ...expected, key });
    }
  });

  test('that the kernel refuses is named with file, value, error and key', async () => {
    const v1 = gatherFacts().cgroups.controllers['blkio'] !== undefined;
    const device = { major: 99, minor: 99, rate: 1024 };
    await refuses(
      { cgroups: { blkio: { throttle_read_bps_device: [device] } } },
      {
        code: 'TH2004',
        key: 'cgroups.blkio.throttle_read_bps_device.0',
        details: {
          ...(v1
            ? { file: 'blkio.throttle.read_bps_device', value: '99:99 1024' }
            : { file: 'io.max', value: '99:99 rbps=1024' }),
          errno: 'ENODEV',
        },
      },
    );
  });

  test('on memory too small to start the program is named', async () => {
    const memory = { memory_hard_limit: 4096, memory_swap_limit: 4096 };
    await refuses(
      { cgroups: { memory } },
      { code: 'TH3010', key: 'cgroups.memory.memory_hard_limit', message: /memory limit is too small/ },
    );
  });

  test('of one process still lets the program start, and no other', async () => {
    await leavesNothingBehind(async () => {
      const { stdout, stderr, exit } = await runToEnd(
        shell('echo alone; /bin/true; echo not reached', { cgroups: { pids: { limit: 1 } } }),
      );
      assert.equal(stdout, 'alone\n');
      assert.match(stderr, /[Cc]annot fork/);
      assert.deepEqual([exit.reason, exit.code], ['exited', 2]);
    });
  });
});
