import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { ThubanError, type ImageFile } from '../../../src/base/index.ts';
import { StepFailure, stepNumbers, type Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type LaunchPlan } from '../../../src/runtime/index.ts';
import { explainStepFailure } from '../../../src/runtime/step-failure.ts';
import { board } from '../../support/facts.ts';

const image: ImageFile = {
  file: '/repo/app-1.0.0.tar',
  offset: 1536,
  size: 8192,
  identity: { dev: '1', ino: '2', size: '12288', ctime_ns: '3' },
};

const launch: LaunchPlan = plan(
  {
    name: 'app',
    version: '1.0.0',
    uid: 1,
    gid: 1,
    init: '/app',
    mounts: { '/proc': { type: 'proc' }, '/maps': { type: 'resource', name: 'maps', version: '*', dir: '/share' } },
  },
  board('v2', { resources: [{ name: 'maps', version: '1.0.0', source: { type: 'image', image } }] }),
  { image },
);

function explained(op: Step['op'], errno: keyof typeof constants.errno): ThubanError {
  const index = launch.launch.steps.findIndex((step) => step.op === op);
  const error = explainStepFailure(new StepFailure(index, stepNumbers[op], constants.errno[errno]), launch);
  assert.ok(error instanceof ThubanError);
  return error;
}

describe('a step that failed over an image', () => {
  const cases: [Step['op'], keyof typeof constants.errno, string, RegExp][] = [
    ['root_image', 'ESTALE', 'TH5003', /^`\/repo\/app-1\.0\.0\.tar` was changed, replaced or removed/],
    ['image', 'ESTALE', 'TH5003', /^mount `\/maps`: `\/repo\/app-1\.0\.0\.tar` was changed/],
    ['root_image', 'ETXTBSY', 'TH5010', /^`\/repo\/app-1\.0\.0\.tar` is open for writing/],
    ['root_image', 'ENXIO', 'TH3004', /no loop devices/],
    ['root_image', 'ENODEV', 'TH3004', /does not know squashfs/],
    ['root_image', 'EINVAL', 'TH3004', /damaged, or compressed/],
    ['image', 'EIO', 'TH3004', /^mount `\/maps`: the image in .* is damaged/],
    ['image', 'ENOENT', 'TH3004', /there is no directory `\/share` in the image/],
    ['root_overlay', 'ENODEV', 'TH3004', /lacks some of .*\/proc.*, and this kernel has no overlayfs/],
    ['root_overlay', 'ENOSPC', 'TH3004', /cannot be made over it: .*ENOSPC/],
    ['root_image', 'EMFILE', 'TH3004', /cannot mount the image of .*EMFILE/],
  ];
  for (const [op, errno, code, message] of cases)
    test(`${op}, ${errno}`, () => {
      const error = explained(op, errno);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.details['errno'], errno);
    });

  test('is placed at the key that asked for it', () => {
    assert.equal(explained('image', 'ENOENT').details['key'], 'mounts./maps');
    assert.equal(explained('root_image', 'ESTALE').details['key'], 'name');
  });
});

describe('a step that the launcher does not know', () => {
  test('means a launcher from before an update, and the hint says how to get the new one', () => {
    for (const op of ['root_image', 'root_overlay', 'image'] as const) {
      const error = explained(op, 'EPROTO');
      assert.equal(error.code, 'TH3010');
      assert.match(error.message, new RegExp(`${op}: the launcher is older than this build`));
      assert.match(error.hint ?? '', /thuban shutdown/);
    }
  });
});

describe('a program that is not executed', () => {
  const sections = {
    selinux: { exec: 'system_u:system_r:camera_t:s0' },
    apparmor: { profile: 'camera' },
  };
  function refused(manifest: Partial<Manifest>, errno: keyof typeof constants.errno): ThubanError {
    const facts = board('v2', { modules: ['apparmor', 'selinux'] });
    const labelled = plan({ name: 'app', version: '1.0.0', uid: 1, gid: 1, init: '/app', ...manifest }, facts, {
      image,
    });
    const index = labelled.launch.steps.findIndex((step) => step.op === 'exec');
    const error = explainStepFailure(new StepFailure(index, stepNumbers.exec, constants.errno[errno]), labelled);
    assert.ok(error instanceof ThubanError);
    return error;
  }

  test('names the label that may be why, and where that is told', () => {
    for (const errno of ['EACCES', 'EPERM'] as const) {
      const profile = refused({ apparmor: sections.apparmor }, errno);
      assert.equal(profile.code, 'TH3003');
      assert.match(profile.message, /^`\/app` cannot be executed with the profile `camera`: .*\(E(ACCES|PERM)\)$/);
      assert.match(profile.hint ?? '', /dmesg \| grep apparmor.*chmod \+x/);
      const context = refused({ selinux: sections.selinux }, errno);
      assert.match(context.message, /with the context `system_u:system_r:camera_t:s0`: /);
      assert.match(context.hint ?? '', /dmesg \| grep avc/);
    }
    assert.match(refused(sections, 'EACCES').message, /with the context `.*` and the profile `camera`: /);
  });

  test('has no other reason than itself without one, or when it is not there', () => {
    assert.match(refused({}, 'EACCES').message, /^`\/app` is not executable for this user$/);
    assert.equal(refused(sections, 'ENOENT').code, 'TH3001');
  });
});
