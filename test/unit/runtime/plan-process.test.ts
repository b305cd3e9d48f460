import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constants } from 'node:os';
import { ThubanError } from '../../../src/base/index.ts';
import { StepFailure, stepNumbers, type Step } from '../../../src/launcher/index.ts';
import { loadManifest, type Process } from '../../../src/manifest/index.ts';
import { plan, type LaunchPlan } from '../../../src/runtime/index.ts';
import { explainStepFailure } from '../../../src/runtime/step-failure.ts';
import { board } from '../../support/facts.ts';

function planned(process?: Partial<Process>): LaunchPlan {
  const manifest = { name: 'app', version: '1.0.0', uid: 1, gid: 1, init: '/app', rootfs: 'host', process };
  const result = loadManifest(JSON.stringify(manifest), 'app.yaml');
  assert.ok(result.ok, JSON.stringify(result.diagnostics));
  return plan(result.manifest.manifest, board());
}

function steps(process?: Partial<Process>): Step[] {
  return planned(process).launch.steps;
}

describe('the section process in a plan', () => {
  test('without it there are the steps that every program had, and no others', () => {
    const plain = steps();
    assert.deepEqual(
      plain.filter(({ op }) => ['oom_score_adj', 'umask', 'session', 'no_new_privs', 'working_directory'].includes(op)),
      [
        { op: 'oom_score_adj', value: 0, key: 'process.oom_score_adj' },
        { op: 'session' },
        { op: 'umask', mode: 0o022 },
        { op: 'no_new_privs' },
      ],
    );
    const written = { working_dir: '/', umask: 0o022, oom_score_adj: 0, no_new_privs: true, new_session: true };
    assert.deepEqual(steps(written), plain);
  });

  test('each key is a step, or leaves one out', () => {
    const ops = (process: Partial<Process>): string[] => steps(process).map(({ op }) => op);
    assert.ok(!ops({ new_session: false }).includes('session'));
    assert.ok(!ops({ no_new_privs: false }).includes('no_new_privs'));
    const found = steps({ umask: 0o077, oom_score_adj: -5 });
    assert.ok(found.some((step) => step.op === 'umask' && step.mode === 0o077));
    assert.ok(found.some((step) => step.op === 'oom_score_adj' && step.value === -5));
  });

  test('the working directory is entered by the user that the program has, and before it is executed', () => {
    const order = steps({ working_dir: '/usr' }).map(({ op }) => op);
    const at = (op: Step['op']): number => order.indexOf(op);
    assert.ok(at('pivot') < at('ids') && at('capabilities') < at('working_directory'));
    assert.ok(at('working_directory') < at('exec'));
  });
});

describe('a step of the section process that failed', () => {
  const launch = planned({ working_dir: '/srv/app', oom_score_adj: -900 });
  const explained = (op: Step['op'], errno: keyof typeof constants.errno): ThubanError => {
    const index = launch.launch.steps.findIndex((step) => step.op === op);
    const error = explainStepFailure(new StepFailure(index, stepNumbers[op], constants.errno[errno]), launch);
    assert.ok(error instanceof ThubanError);
    return error;
  };
  for (const [op, errno, code, key, message] of [
    ['working_directory', 'ENOENT', 'TH3010', 'process.working_dir', /`\/srv\/app`: .*\(ENOENT\)$/],
    ['working_directory', 'EACCES', 'TH3010', 'process.working_dir', /`\/srv\/app`: .*\(EACCES\)$/],
    ['working_directory', 'ELOOP', 'TH3010', 'process.working_dir', /`\/srv\/app`: .*\(ELOOP\)$/],
    ['oom_score_adj', 'EACCES', 'TH3007', 'process.oom_score_adj', /-900.*CAP_SYS_RESOURCE/],
  ] as const)
    test(`${op}, ${errno}`, () => {
      const error = explained(op, errno);
      assert.deepEqual([error.code, error.details['key']], [code, key]);
      assert.match(error.message, message);
      assert.ok(error.hint !== undefined);
    });
});
