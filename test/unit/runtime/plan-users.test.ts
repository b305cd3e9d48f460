import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { StepFailure, stepNumbers, type Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts, type LaunchPlan } from '../../../src/runtime/index.ts';
import { canMapIds, filesystemOf } from '../../../src/runtime/idmap.ts';
import { explainStepFailure } from '../../../src/runtime/step-failure.ts';
import { board } from '../../support/facts.ts';

const user_namespace = { host_uid: 100_000, host_gid: 200_000, size: 1000 };
const base: Manifest = {
  name: 'camera',
  version: '2.1.0',
  uid: 0,
  gid: 7,
  init: '/bin/camera',
  rootfs: { type: 'host' },
  user_namespace,
};

const made = (manifest: Partial<Manifest> = {}, facts: Partial<Facts> = {}): LaunchPlan =>
  plan({ ...base, ...manifest }, { ...board(), ...facts });
const bindOf = ({ launch }: LaunchPlan, path: string): (Step & { op: 'bind' }) | undefined =>
  launch.steps.find((step) => step.op === 'bind' && step.target === path) as (Step & { op: 'bind' }) | undefined;

describe('a plan with a user namespace', () => {
  test('makes those namespaces in it that shall belong to it', () => {
    const namespaces = ['ipc', 'uts', 'net'];
    assert.deepEqual(made().launch.steps.slice(0, 2), [
      { op: 'namespaces', namespaces: ['pid', 'mount'] },
      { op: 'user_namespace', uid: 100_000, gid: 200_000, size: 1000, namespaces, key: 'user_namespace' },
    ]);
    const [, host] = made({ network: 'host' }).launch.steps;
    assert.ok(host?.op === 'user_namespace' && host.namespaces.join() === 'ipc,uts');
  });

  test('enters it after all that needs the root of the board, and before ids and capabilities', () => {
    const ops = made({
      sched: { policy: 'idle' },
      apparmor: { profile: 'camera' },
      rlimits: { core: { soft: 0, hard: 0 } },
    }).launch.steps.map(({ op }) => op);
    const at = ops.indexOf('enter_user_namespace');
    for (const before of ['rlimit', 'oom_score_adj', 'join', 'cgroup_namespace', 'sched', 'security_label'] as const)
      assert.ok(ops.lastIndexOf(before) !== -1 && ops.lastIndexOf(before) < at, before);
    assert.deepEqual(ops.slice(at, at + 5), [
      'enter_user_namespace',
      'mount_namespace',
      'bounding',
      'ids',
      'capabilities',
    ]);
  });

  test('gives pipes and sockets to the board’s ids of the program, and the program those of the container', () => {
    const sockets: Manifest['sockets'] = {
      a: { type: 'stream', mode: 0o600 },
      b: { type: 'stream', mode: 0o600, uid: 5, gid: 6 },
    };
    const { launch } = made({ sockets });
    assert.deepEqual([launch.uid, launch.gid], [100_000, 200_007]);
    const owners = launch.steps.flatMap((step) => (step.op === 'socket' ? [[step.uid, step.gid]] : []));
    assert.deepEqual(owners, [[100_000, 200_007], [5, 6]]); // prettier-ignore
    const ids = launch.steps.find(({ op }) => op === 'ids');
    assert.ok(ids?.op === 'ids' && ids.uid === 0 && ids.gid === 7);
  });

  test('may give capabilities that Thuban does not have', () => {
    const capabilities = ['CAP_SYS_ADMIN'];
    const { problems } = made({ capabilities }, { capabilities: ['CAP_CHOWN'] });
    assert.deepEqual(problems, []);
  });

  test('says that a group of the board is another one inside, and refuses one that is not there', () => {
    const { warnings } = made({ suppl_groups: ['video', '9'] });
    const [said, ...more] = warnings.filter(({ key }) => key === 'suppl_groups');
    assert.match(said?.message ?? '', /`video` is group 44 of the container and 200044 of the board/);
    assert.equal(more.length, 0);
    const { problems } = made({ suppl_groups: ['1000'] });
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [['TH1205', 'the group 1000 is not in `user_namespace`, which ends at 999']],
    );
  });

  test('is refused where there are none', () => {
    const hints = [0, -1, 1, undefined].map((most) =>
      made({}, most === undefined ? {} : { user_namespaces: most }).problems.map(
        ({ code, hint }) => `${code} ${hint ?? ''}`,
      ),
    );
    assert.deepEqual(hints, [
      ['TH2018 sysctl user.max_user_namespaces=1000'],
      ['TH2018 build it with CONFIG_USER_NS=y'],
      [],
      [],
    ]);
  });
});

describe('files in a user namespace', () => {
  const paths: Facts['paths'] = {
    ...board().paths,
    '/usr': { type: 'directory', filesystem: 'ext4' },
    '/etc/ld.so.cache': { type: 'file', filesystem: 'overlay' },
    '/srv': { type: 'directory', filesystem: 'tmpfs' },
    '/dev/snd': { type: 'directory', filesystem: 'tmpfs' },
  };
  const mounts: Manifest['mounts'] = {
    '/read': { type: 'bind', host: '/srv' },
    '/write': { type: 'bind', host: '/srv', options: 'rw' },
    '/snd': { type: 'bind', host: '/dev/snd' },
  };

  test('are mapped when nobody can write them, without devices', () => {
    const all = made({ mounts }, { paths });
    assert.deepEqual(bindOf(all, '/usr')?.attributes, ['ro', 'nosuid', 'nodev', 'idmap']);
    assert.deepEqual(bindOf(all, '/read')?.attributes, ['ro', 'nodev', 'idmap']);
    assert.deepEqual(bindOf(all, '/write')?.attributes, []);
    assert.deepEqual(bindOf(all, '/snd')?.attributes, ['ro'], 'devices stay devices');
  });

  test('belong to nobody where this kernel cannot, which is said', () => {
    const all = made({ mounts }, { paths, kernel: '6.1.0' });
    assert.deepEqual(bindOf(all, '/etc/ld.so.cache')?.attributes, ['ro', 'nosuid', 'nodev']);
    assert.deepEqual(bindOf(all, '/read')?.attributes, ['ro']);
    const said = all.warnings.filter(({ message }) => message.includes('nobody'));
    assert.deepEqual(
      said.map(({ code, key, message }) => [code, key, message]),
      [
        [
          'TH1315',
          'rootfs',
          '/etc/ld.so.cache belongs to nobody (65534) in the container: Linux 6.1.0 cannot map the ids of overlay',
        ],
        [
          'TH1315',
          'mounts./read',
          '/read belongs to nobody (65534) in the container: Linux 6.1.0 cannot map the ids of tmpfs',
        ],
      ],
    );
  });

  test('are as they were without one', () => {
    const { user_namespace: _, ...plain } = base;
    const all = plan({ ...plain, uid: 1, mounts }, board('v2', { paths }));
    assert.deepEqual(bindOf(all, '/read')?.attributes, ['ro']);
    assert.ok(all.launch.steps.every(({ op }) => !op.includes('user_namespace') && op !== 'mount_namespace'));
  });

  test('can be mapped since the kernel that says so', () => {
    const cases = [['ext4', '5.11'], ['ext4', '5.12'], ['squashfs', '6.1'], ['squashfs', '6.2'], ['overlay', '7.0'], ['0x1234', '7.0']] as const; // prettier-ignore
    assert.deepEqual(
      cases.map(([filesystem, kernel]) => canMapIds(filesystem, kernel)),
      [false, true, false, true, false, false],
    );
    assert.equal(filesystemOf('/nowhere'), undefined);
    assert.match(filesystemOf('/proc') ?? '', /^0x9fa0$/);
  });
});

test('a user namespace that cannot be made is explained', () => {
  for (const [errno, hint] of [
    ['EINVAL', /CONFIG_USER_NS/],
    ['ENOSPC', /max_user_namespaces/],
    ['EPERM', /CAP_SETUID/],
    ['EMFILE', /user_namespaces\(7\)/],
  ] as const) {
    // Before the first step: with the number of the step that it belongs to.
    const failure = new StepFailure(0, stepNumbers.user_namespace, constants.errno[errno]);
    const error = explainStepFailure(failure, made());
    assert.ok(error instanceof ThubanError);
    assert.equal(error.code, 'TH3010');
    assert.match(error.message, new RegExp(`^the user namespace cannot be made: .*\\(${errno}\\)$`));
    assert.match(error.hint ?? '', hint);
    assert.equal(error.details['key'], 'user_namespace');
  }
});
