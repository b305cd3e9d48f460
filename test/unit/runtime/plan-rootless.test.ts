import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OwnIds } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts, type LaunchPlan } from '../../../src/runtime/index.ts';
import { planExec } from '../../../src/runtime/plan-exec.ts';
import { board, camera } from '../../support/facts.ts';

const alone: OwnIds = { uid: 1001, gid: 1002 };
const many: OwnIds = {
  ...alone,
  subordinate: { uids: { first: 100_000, count: 65_536 }, gids: { first: 200_000, count: 65_536 } },
};

const made = (sections: Partial<Manifest> = {}, rootless = alone, facts: Partial<Facts> = {}): LaunchPlan =>
  plan({ ...camera, ...sections }, { ...board(), rootless, ...facts });

function problemsOf(sections: Partial<Manifest>, rootless = alone, facts: Partial<Facts> = {}): string[] {
  return made(sections, rootless, facts).problems.map(({ code, details }) => `${code} ${String(details['key'])}`);
}

describe('a plan without root and without subordinate ids', () => {
  test('maps the one id to that of the manifest, in a user namespace of the container', () => {
    const { launch, problems } = made();
    assert.deepEqual(problems, []);
    assert.deepEqual([launch.uid, launch.gid], [0, 0]);
    assert.deepEqual(launch.steps[1], {
      op: 'user_namespace',
      uid: 0,
      gid: 0,
      size: 1,
      namespaces: ['ipc', 'uts', 'net'],
      inside: { uid: 1000, gid: 1000 },
      key: 'user_namespace',
    });
    assert.ok(launch.steps.some((step) => step.op === 'ids' && step.uid === 1000 && step.keep_groups === true));
  });

  test('needs none for a program that is root inside', () => {
    const { launch } = made({ uid: 0, gid: 0 });
    assert.deepEqual(launch.steps[0], { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts', 'net'] });
    assert.ok(!launch.steps.some(({ op }) => op === 'user_namespace' || op === 'enter_user_namespace'));
  });

  test('tells that the groups of the user stay, and gives terminals to a group that is there', () => {
    const { warnings, launch } = made({ mounts: { '/dev': { type: 'dev' } } });
    assert.deepEqual(
      warnings.filter(({ key }) => key === 'suppl_groups').map(({ message }) => message),
      ['the program keeps the groups of this user, as he has no subordinate ids'],
    );
    assert.ok(launch.steps.some((step) => step.op === 'devpts' && step.gid === 0));
  });

  test('does the same for a further program', () => {
    const target = { run: '1', args: ['id'] };
    const { steps, uid } = planExec(camera, { ...board(), rootless: alone }, target);
    assert.equal(uid, 0);
    assert.ok(steps.some((step) => step.op === 'setns' && step.namespaces.join() === 'user,mount'));
    assert.ok(steps.some((step) => step.op === 'ids' && step.keep_groups === true));
  });
});

describe('a plan without root, with subordinate ids', () => {
  test('uses them as they are, without a namespace more', () => {
    const { launch, problems, warnings } = made({ mounts: { '/dev': { type: 'dev' } } }, many);
    assert.deepEqual([problems, warnings.filter(({ key }) => key === 'suppl_groups')], [[], []]);
    assert.deepEqual([launch.uid, launch.gid], [1000, 1000]);
    assert.ok(!launch.steps.some(({ op }) => op === 'user_namespace'));
    assert.ok(launch.steps.some((step) => step.op === 'ids' && step.keep_groups === undefined));
    assert.ok(launch.steps.some((step) => step.op === 'devpts' && step.gid === 5));
  });

  test('translates the ids of the board that a manifest names', () => {
    const users = (host_uid: number, host_gid: number, size: number) => ({
      user_namespace: { host_uid, host_gid, size },
    });
    const { launch, problems } = made(users(100_000, 200_100, 65_000), many);
    assert.deepEqual(problems, []);
    const step = launch.steps[1];
    assert.ok(step?.op === 'user_namespace');
    assert.deepEqual([step.uid, step.gid, step.size], [1, 101, 65_000]);
    assert.deepEqual([launch.uid, launch.gid], [1001, 1101]);
    for (const beyond of [users(99_999, 200_000, 10), users(100_000, 200_000, 65_537), users(165_535, 200_000, 2)])
      assert.deepEqual(problemsOf(beyond, many), ['TH7001 user_namespace']);
  });

  test('says which group of the board one by name is', () => {
    const noteOf = (sections: Partial<Manifest>): string | undefined =>
      made({ suppl_groups: ['audio'], ...sections }, many).warnings.find(({ key }) => key === 'suppl_groups')?.message;
    assert.match(noteOf({}) ?? '', /group 29 of the container and 200028 of the board/);
    const users = { user_namespace: { host_uid: 100_000, host_gid: 200_100, size: 5000 } };
    assert.match(noteOf(users) ?? '', /group 29 of the container and 200129 of the board/);
  });

  test('refuses ids that he has not', () => {
    const few: OwnIds = { ...alone, subordinate: { uids: { first: 9, count: 999 }, gids: { first: 9, count: 1000 } } };
    assert.deepEqual(problemsOf({}, few), ['TH7001 uid']);
    assert.deepEqual(problemsOf({ suppl_groups: ['1001'] }, few), ['TH7001 uid', 'TH7001 suppl_groups']);
  });
});

describe('a plan without root', () => {
  const tty = { '/dev/tty1': { type: 'file' as const, device: { type: 'c' as const, major: 4, minor: 1 } } };
  const device = (access: string): Partial<Manifest> => ({
    mounts: { '/dev/tty1': { type: 'device', host: '/dev/tty1', access, mode: 0o660, wait: 0 } },
  });

  test('shows the board’s own node of a device, and takes no access from it', () => {
    const facts = { paths: { ...board().paths, ...tty } };
    const { launch, problems } = made(device('rw'), many, facts);
    assert.deepEqual(problems, []);
    assert.ok(launch.steps.some((step) => step.op === 'bind' && step.target === '/dev/tty1'));
    assert.ok(!launch.steps.some(({ op }) => op === 'node'));
    assert.deepEqual(problemsOf(device('r'), many, facts), ['TH7001 mounts./dev/tty1.access']);
  });

  test('refuses each thing that is root’s alone', () => {
    const cases: [sections: Partial<Manifest>, key: string][] = [
      [{ network: { namespace: 'other' } }, 'network'],
      [{ network: 'host', mounts: { '/sys': { type: 'sysfs' } } }, 'mounts./sys'],
      [{ cgroups: { parent: 'slice' } }, 'cgroups.parent'],
      [{ suppl_groups: ['audio'] }, 'suppl_groups'],
    ];
    for (const [sections, key] of cases) assert.deepEqual(problemsOf(sections), [`TH7001 ${key}`]);
    const image = { file: '/x.tar', dev: 1n, ino: 1n, size: 1n, ctimeNs: 1n, offset: 0, length: 4096 };
    const { problems } = plan(
      { ...camera, rootfs: { type: 'package' } },
      { ...board(), rootless: many },
      { image: image as never },
    );
    assert.deepEqual(
      problems.map(({ code, details }) => `${code} ${String(details['key'])}`),
      ['TH7001 rootfs'],
    );
  });

  test('gives sockets to ids of the board that are this user’s, and to no others', () => {
    const sockets = (uid: number, gid: number): Partial<Manifest> => ({
      sockets: { a: { type: 'stream', mode: 0o600, uid, gid } },
    });
    const ownersOf = (uid: number, gid: number, ids: OwnIds): unknown[] =>
      made(sockets(uid, gid), ids).launch.steps.flatMap((step) => (step.op === 'socket' ? [step.uid, step.gid] : []));
    assert.deepEqual(ownersOf(1001, 1002, alone), [0, 0]);
    assert.deepEqual(ownersOf(100_005, 200_000, many), [6, 1]);
    assert.deepEqual(problemsOf(sockets(0, 165_536), many), ['TH7001 sockets.a.uid', 'TH7001 sockets.a.gid']);
    assert.deepEqual(problemsOf(sockets(1002, 1001)), ['TH7001 sockets.a.uid', 'TH7001 sockets.a.gid']);
  });

  test('leaves the OOM score as it is, unless the manifest says one', () => {
    const scores = (sections: Partial<Manifest>): number =>
      made(sections).launch.steps.filter(({ op }) => op === 'oom_score_adj').length;
    assert.deepEqual([scores({}), scores({ process: { privileged: false, oom_score_adj: 500 } })], [0, 1]);
  });

  test('needs Linux 5.12', () => {
    assert.deepEqual(problemsOf({}, alone, { kernel: '5.11.0' }), ['TH2012 name']);
    assert.deepEqual(problemsOf({}, alone, { kernel: '5.12.0' }), []);
  });
});
