import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { planExec, type ExecTarget } from '../../../src/runtime/plan-exec.ts';
import { plan } from '../../../src/runtime/plan.ts';
import { shell } from '../../support/containers.ts';
import { board as facts } from '../../support/facts.ts';

const target: ExecTarget = { run: '7', args: ['ls', '-l'] };

const manifest = (sections: Partial<Manifest> = {}): Manifest => shell('true', sections).manifest;
const opsOf = (steps: readonly Step[]): string[] => steps.map(({ op }) => op);

describe('the plan of a further program', () => {
  test('has the steps of the container’s own program, but enters what that has made', () => {
    const sections: Partial<Manifest> = {
      suppl_groups: ['20'],
      rlimits: { core: { soft: 0, hard: 0 } },
      sched: { policy: { batch: { nice: 3 } } },
      process: { privileged: false, umask: 0o077, oom_score_adj: 5, working_dir: '/tmp' },
    };
    const own = plan(manifest(sections), facts(), {}).launch.steps;
    const { steps, problems } = planExec(manifest(sections), facts(), target);
    assert.deepEqual(problems, []);
    assert.deepEqual(steps[0], { op: 'enter', id: '7', input: false });
    const from = own.findIndex(({ op }) => op === 'oom_score_adj');
    const expected = own
      .slice(from, -1)
      .map((step): Step => (step.op === 'cgroup_namespace' ? { op: 'setns', namespaces: ['cgroup'] } : step));
    assert.deepEqual(steps.slice(1, -1), expected);
    const [theirs, ours] = [steps.at(-1), own.at(-1)];
    assert.ok(theirs?.op === 'exec' && ours?.op === 'exec');
    assert.deepEqual([theirs.path, theirs.args, theirs.env], ['ls', ['-l'], ours.env]);
  });

  test('leads a session, also where the container’s own program does not', () => {
    const sections: Partial<Manifest> = { process: { privileged: false, new_session: false } };
    assert.ok(!opsOf(plan(manifest(sections), facts(), {}).launch.steps).includes('session'));
    assert.ok(opsOf(planExec(manifest(sections), facts(), target).steps).includes('session'));
  });

  test('hands none of the container’s sockets on', () => {
    const sections: Partial<Manifest> = { sockets: { api: { type: 'stream', mode: 0o600 } } };
    const { steps } = planExec(manifest(sections), facts(), target);
    assert.ok(!opsOf(steps).some((op) => op === 'socket' || op === 'listen'));
    assert.doesNotMatch(JSON.stringify(steps), /SOCKET_api/);
  });

  test('has what was asked for beside the manifest, or in its place', () => {
    const sections: Partial<Manifest> = { env: { A: '1', B: '2' } };
    const asked = { ...target, env: { B: '3' }, working_dir: '/usr', stdin: true, tty: { rows: 2, columns: 3 } };
    const { steps } = planExec(manifest(sections), facts(), asked);
    assert.deepEqual(steps[0], { op: 'enter', id: '7', input: true, terminal: { rows: 2, columns: 3 } });
    const exec = steps.at(-1);
    assert.ok(exec?.op === 'exec');
    assert.deepEqual(
      exec.env.filter((variable) => /^[AB]=/.test(variable)),
      ['A=1', 'B=3'],
    );
    assert.ok(steps.some((step) => step.op === 'working_directory' && step.path === '/usr'));
  });

  test('tells what this board lacks by now', () => {
    const { problems } = planExec(manifest({ suppl_groups: ['gone'] }), facts(), target);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['TH3006'],
    );
  });
});
