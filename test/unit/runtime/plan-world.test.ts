import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { StepFailure, stepNumbers, type Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts } from '../../../src/runtime/index.ts';
import { explainStepFailure } from '../../../src/runtime/step-failure.ts';
import { board, camera } from '../../support/facts.ts';

function made(manifest: Partial<Manifest>, facts: Partial<Facts> = {}) {
  const { launch, problems } = plan({ ...camera, ...manifest }, { ...board(), ...facts });
  const refused = problems.map(({ code, message, hint }) => `${code} ${message}; ${hint ?? ''}`);
  return { steps: launch.steps, ops: launch.steps.map(({ op }) => op), refused };
}

describe('the network of a container', () => {
  const file = '/run/netns/cameras';

  test('is one of its own with `lo`, unless the manifest says otherwise', () => {
    for (const manifest of [{}, { network: 'none' }] as const) {
      const { steps, ops } = made(manifest);
      assert.deepEqual(steps[0], { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts', 'net'] });
      assert.ok(ops.includes('loopback') && !ops.includes('network_namespace'));
    }
  });

  test('can be that of the board, of which nothing is changed', () => {
    const { steps, ops } = made({ network: 'host' });
    assert.deepEqual(steps[0], { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts'] });
    assert.ok(!ops.includes('loopback') && !ops.includes('network_namespace'));
  });

  test('can be one that is there, entered before anything is mounted', () => {
    const { steps, ops } = made({ network: { namespace: 'cameras' } }, { paths: { [file]: { type: 'file' } } });
    assert.deepEqual(steps.slice(0, 2), [
      { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts'] },
      { op: 'network_namespace', file, key: 'network' },
    ]);
    assert.ok(!ops.includes('loopback'));
  });

  test('is never that of the board because the one of its name is missing', () => {
    const { refused } = made({ network: { namespace: 'cameras' } }, { paths: { [file]: { type: 'missing' } } });
    assert.deepEqual(refused, ['TH3008 no network namespace `cameras`; ip netns add cameras']);
  });
});

describe('the scheduling of a program', () => {
  const policies: [NonNullable<Manifest['sched']>['policy'], object][] = [
    ['idle', { policy: 'idle' }],
    [{ other: { nice: -5 } }, { policy: 'other', nice: -5 }],
    [{ batch: { nice: 19 } }, { policy: 'batch', nice: 19 }],
    [{ fifo: { priority: 11 } }, { policy: 'fifo', priority: 11 }],
    [{ round_robin: { priority: 99 } }, { policy: 'round_robin', priority: 99 }],
    [
      { deadline: { runtime: 1000, deadline: 2000, period: 3000 } },
      { policy: 'deadline', times: { runtime: 1000, deadline: 2000, period: 3000 } },
    ],
  ];
  for (const [policy, step] of policies)
    test(`${JSON.stringify(policy)} is set in its groups, before the capabilities go`, () => {
      const { steps, ops } = made({ sched: { policy } });
      assert.deepEqual(
        steps.find(({ op }) => op === 'sched'),
        { op: 'sched', ...step, key: 'sched' },
      );
      const at = ops.indexOf('sched');
      assert.ok(ops.indexOf('join') < at && at < ops.indexOf('bounding') && at < ops.indexOf('ids'));
    });

  test('of Northstar’s `deadline` without times is refused, because no kernel can set it', () => {
    assert.deepEqual(made({ sched: { policy: 'deadline' } }).refused, [
      'TH1104 `sched.policy: deadline` says no times, and no kernel can set it without; ' +
        'write `!deadline {runtime: 10 ms, deadline: 30 ms, period: 100 ms}`',
    ]);
  });

  test('is left as it is where the manifest says nothing', () => {
    assert.ok(!made({}).ops.includes('sched'));
  });
});

describe('what is hidden of a board', () => {
  const mounts: Manifest['mounts'] = { '/proc': { type: 'proc' }, '/sys': { type: 'sysfs' } };
  const find = (manifest: Partial<Manifest>, wanted: Step['op']): Step | undefined =>
    made(manifest).steps.find(({ op }) => op === wanted);

  test('is by default what tells of the whole of it, where it can be seen at all', () => {
    const hidden = find({ mounts }, 'mask');
    assert.ok(hidden?.op === 'mask' && hidden.key === 'paths.masked');
    assert.ok(hidden.paths.includes('/proc/kcore') && hidden.paths.includes('/sys/firmware/efi'));
    assert.ok(hidden.paths.every((path) => /^\/(proc|sys)\//.test(path)));
    const only = find({ mounts: { '/host/proc': { type: 'proc' } } }, 'mask');
    assert.ok(only?.op === 'mask' && only.paths.includes('/host/proc/kcore'));
    assert.ok(only.paths.every((path) => path.startsWith('/host/proc/')));
    assert.equal(find({}, 'mask'), undefined);
  });

  test('is what the manifest lists, or nothing', () => {
    const masked = ['/proc/keys', '/etc/secret'];
    assert.deepEqual(find({ mounts, paths: { masked } }, 'mask'), { op: 'mask', paths: masked, key: 'paths.masked' });
    for (const none of ['none', []] as const)
      assert.equal(find({ mounts, paths: { masked: none === 'none' ? none : [...none] } }, 'mask'), undefined);
  });

  test('is read-only as a whole, unless the manifest lists what is', () => {
    const attributes = ['ro', 'nosuid', 'nodev', 'noexec'];
    for (const op of ['proc', 'sysfs'] as const) {
      const step = find({ mounts }, op);
      const other = find({ mounts, paths: { read_only: 'none' } }, op);
      assert.ok(step?.op === op && other?.op === op);
      assert.deepEqual([step.attributes, other.attributes], [attributes, attributes.slice(1)]);
    }
    const { steps, ops } = made({ mounts, paths: { read_only: ['/proc/sys'] } });
    assert.deepEqual(
      steps.find(({ op }) => op === 'read_only'),
      { op: 'read_only', paths: ['/proc/sys'], key: 'paths.read_only' },
    );
    assert.ok(ops.indexOf('sysfs') < ops.indexOf('mask') && ops.indexOf('mask') < ops.indexOf('pivot'));
  });
});

describe('the label of a program', () => {
  const selinux = { exec: 'u:r:a_t:s0:c1,c2', mount_context: 'u:object_r:a_t:s0' };
  const apparmor = { profile: 'camera' };

  test('is set while its files in /proc are still root’s', () => {
    const { steps, ops } = made({ selinux, apparmor }, { modules: ['apparmor', 'selinux'] });
    assert.deepEqual(
      steps.filter(({ op }) => op === 'security_label'),
      [
        { op: 'security_label', file: 'exec', text: selinux.exec, key: 'selinux.exec' },
        { op: 'security_label', file: 'apparmor/exec', text: 'exec camera', key: 'apparmor.profile' },
      ],
    );
    assert.ok(ops.lastIndexOf('security_label') < ops.indexOf('ids'));
  });

  test('of AppArmor is refused without it, or told to be missing when it is optional', () => {
    assert.match(
      made({ apparmor }, { modules: [] }).refused.join(),
      /^TH2018 this kernel runs without AppArmor; boot it with/,
    );
    const { ops, refused } = made({ apparmor: { ...apparmor, optional: true } }, { modules: [] });
    assert.deepEqual([refused, ops.includes('security_label')], [[], false]);
  });

  test('of SELinux has no effect without it, as in Northstar, and that is said', () => {
    const { warnings, launch } = plan({ ...camera, selinux }, { ...board(), modules: [] });
    assert.deepEqual(
      warnings.map(({ code, key }) => [code, key]).filter(([, key]) => key?.startsWith('selinux')),
      [
        ['TH1315', 'selinux.mount_context'],
        ['TH1315', 'selinux.exec'],
      ],
    );
    assert.ok(launch.steps.every(({ op }) => op !== 'security_label' && op !== 'root_context'));
  });

  test('of an image is set when that is mounted; other roots have labels of their own', () => {
    const identity = { dev: '1', ino: '2', size: '8192', ctime_ns: '4' };
    const image = { file: '/a.tar', offset: 512, size: 4096, identity };
    const { rootfs: _, ...packed } = camera;
    const facts = { ...board(), modules: ['selinux'] };
    const ops = plan({ ...packed, selinux }, facts, { image }).launch.steps.map(({ op }) => op);
    assert.equal(ops.indexOf('root_context') + 1, ops.indexOf('root_image'));
    const { warnings, launch } = plan({ ...camera, selinux }, facts);
    assert.deepEqual(
      warnings.filter(({ key }) => key === 'selinux.mount_context').map(({ message }) => message),
      ['`selinux.mount_context` has no effect: it is for the image of a package'],
    );
    assert.ok(launch.steps.every(({ op }) => op !== 'root_context'));
  });
});

describe('a refusal of the kernel', () => {
  const launch = plan(
    {
      ...camera,
      network: { namespace: 'cameras' },
      sched: { policy: { fifo: { priority: 1 } } },
      seccomp: { allow: {} },
      apparmor: { profile: 'camera' },
      selinux: { exec: 'u:r:a_t' },
    },
    { ...board(), syscalls: { arch: 0xc000_003e, numbers: { execve: 59 } } },
  );
  const cases: [Step['op'], keyof typeof constants.errno, string, RegExp, RegExp][] = [
    ['network_namespace', 'ENOENT', 'TH3008 network', /^no network namespace `cameras`$/, /^ip netns add cameras$/],
    ['network_namespace', 'EINVAL', 'TH3008 network', /^`\/run\/netns\/cameras` is a file, but no/, /ip netns delete/],
    [
      'network_namespace',
      'EPERM',
      'TH3010 network',
      /^the network namespace `cameras` cannot be entered: .*EPERM/,
      /^$/,
    ],
    ['sched', 'EPERM', 'TH3010 sched', /^the policy `fifo` cannot be set: .*\(EPERM\)$/, /realtime_runtime/],
    ['sched', 'EBUSY', 'TH3010 sched', /EBUSY/, /no room/],
    ['security_label', 'EINVAL', 'TH3010 selinux.exec', /^the context `u:r:a_t` cannot be set/, /policy/],
    ['seccomp', 'EINVAL', 'TH3010 seccomp', /^the kernel does not take the filter/, /CONFIG_SECCOMP_FILTER/],
  ];
  for (const [op, errno, at, message, hint] of cases)
    test(`at ${op} with ${errno} says what to do`, () => {
      const index = launch.launch.steps.findIndex((step) => step.op === op);
      const error = explainStepFailure(new StepFailure(index, stepNumbers[op], constants.errno[errno]), launch);
      assert.ok(error instanceof ThubanError);
      assert.equal(`${error.code} ${String(error.details['key'])}`, at);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
    });

  test('of a profile of AppArmor that is not loaded names it', () => {
    const index = launch.launch.steps.findLastIndex(({ op }) => op === 'security_label');
    const failure = new StepFailure(index, stepNumbers.security_label, constants.errno.ENOENT);
    const error = explainStepFailure(failure, launch);
    assert.ok(error instanceof ThubanError);
    assert.equal(error.message, 'no profile `camera` is loaded (ENOENT)');
  });
});
