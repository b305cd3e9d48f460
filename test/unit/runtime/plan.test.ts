import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts, type PlanOptions } from '../../../src/runtime/index.ts';
import { board } from '../../support/facts.ts';

const base: Manifest = {
  name: 'camera',
  version: '2.1.0',
  uid: 1000,
  gid: 1000,
  init: '/usr/bin/camera',
  rootfs: { type: 'host' },
};

function steps(manifest: Partial<Manifest>, facts: Facts = board(), options: PlanOptions = {}): Step[] {
  const made = plan({ ...base, ...manifest }, facts, options);
  assert.deepEqual(made.problems, []);
  return made.launch.steps;
}

function ofOp<Op extends Step['op']>(list: Step[], op: Op): (Step & { op: Op })[] {
  return list.filter((step): step is Step & { op: Op } => step.op === op);
}

function problems(manifest: Partial<Manifest>, facts: Facts = board()): string[] {
  return plan({ ...base, ...manifest }, facts).problems.map(
    (problem) => `${problem.code} ${String(problem.details['key'])}`,
  );
}

describe('a launch plan', () => {
  test('is the same for the same manifest and facts', () => {
    const manifest: Manifest = { ...base, mounts: { '/tmp': { type: 'tmpfs', size: 4096 } }, env: { A: '1' } };
    assert.deepEqual(plan(manifest, board()), plan(manifest, board()));
  });

  test('makes namespaces first and executes last', () => {
    const list = steps({});
    assert.deepEqual(list[0], { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts', 'net'] });
    assert.equal(list.at(-1)?.op, 'exec');
  });

  test('keeps the host’s links as links, skips what is missing, binds the rest read-only', () => {
    const list = steps({});
    assert.deepEqual(
      ofOp(list, 'symlink').map((step) => step.path),
      ['/bin', '/sbin', '/lib'],
    );
    assert.deepEqual(
      ofOp(list, 'bind').map((step) => [step.target, step.attributes]),
      [
        ['/usr', ['ro', 'nosuid', 'nodev']],
        ['/etc/ld.so.cache', ['ro', 'nosuid', 'nodev']],
      ],
    );
    assert.deepEqual(
      ofOp(list, 'mkfile').map((step) => step.path),
      ['/etc/ld.so.cache'],
    );
  });

  test('mounts outer targets before inner ones, whatever their order in the file', () => {
    const list = steps({
      mounts: {
        '/data/cache/deep': { type: 'tmpfs', size: 4096 },
        '/data': { type: 'tmpfs', size: 8192 },
        '/a/b': { type: 'tmpfs', size: 4096 },
      },
    });
    assert.deepEqual(
      ofOp(list, 'tmpfs').map((step) => step.target),
      ['/data', '/a/b', '/data/cache/deep'],
    );
  });

  test('mounts the root read-only and enters it before the program’s own steps', () => {
    const list = steps({ mounts: { '/tmp': { type: 'tmpfs', size: 4096 } } }).map((step) => step.op);
    const order = [
      'root_tmpfs',
      'tmpfs',
      'root_attributes',
      'pivot',
      'loopback',
      'oom_score_adj',
      'join',
      'cgroup_namespace',
      'bounding',
      'ids',
      'capabilities',
      'no_new_privs',
      'exec',
    ] as const;
    const positions = order.map((op) => list.indexOf(op));
    assert.ok(positions.every((at) => at >= 0));
    assert.deepEqual(
      positions,
      [...positions].sort((a, b) => a - b),
    );
  });

  test('binds are read-only unless `rw` is written', () => {
    const facts = board();
    facts.paths['/srv'] = { type: 'directory' };
    const bind = (options?: string): Step[] =>
      ofOp(
        steps(
          { mounts: { '/data': { type: 'bind', host: '/srv', ...(options === undefined ? {} : { options }) } } },
          facts,
        ),
        'bind',
      ).filter((step) => step.target === '/data');
    const attributes = (options?: string): unknown =>
      bind(options).map((step) => 'attributes' in step && step.attributes);
    assert.deepEqual(attributes(), [['ro']]);
    assert.deepEqual(attributes('rw'), [[]]);
    assert.deepEqual(attributes('nodev,noexec,nosuid'), [['ro', 'nosuid', 'nodev', 'noexec']]);
    assert.deepEqual(
      bind('rec').map((step) => 'recursive' in step && step.recursive),
      [true],
    );
  });

  test('a missing source is a problem, an optional one a note', () => {
    const facts = board();
    facts.paths['/srv'] = { type: 'missing' };
    assert.deepEqual(problems({ mounts: { '/data': { type: 'bind', host: '/srv' } } }, facts), [
      'TH3005 mounts./data.host',
    ]);
    const made = plan({ ...base, mounts: { '/data': { type: 'bind', host: '/srv', optional: true } } }, facts);
    assert.deepEqual(made.problems, []);
    assert.equal(
      made.launch.steps.some((step) => 'target' in step && step.target === '/data'),
      false,
    );
    assert.match(made.warnings.map((warning) => warning.message).join(), /\/data is skipped/);
  });

  test('a target inside a read-only host folder must exist there', () => {
    const facts = board();
    facts.paths['/usr/share/app'] = { type: 'missing' };
    const mounts: Manifest['mounts'] = { '/usr/share/app': { type: 'tmpfs', size: 4096 } };
    assert.deepEqual(problems({ mounts }, facts), ['TH3004 mounts./usr/share/app']);
    facts.paths['/usr/share/app'] = { type: 'directory' };
    assert.deepEqual(problems({ mounts }, facts), []);
  });

  test('no container sees the run directory, by whatever name', () => {
    const facts = board();
    facts.paths['/alias'] = { type: 'directory', real: '/run/thuban/sockets' };
    const bind = (host: string): string[] => problems({ mounts: { '/x': { type: 'bind', host } } }, facts);
    assert.deepEqual(bind('/run'), ['TH1211 mounts./x.host']);
    assert.deepEqual(bind('/run/thuban'), ['TH1211 mounts./x.host']);
    assert.deepEqual(bind('/run/thuban/launcher.sock'), ['TH1211 mounts./x.host']);
    assert.deepEqual(bind('/alias'), ['TH1211 mounts./x.host']);
    assert.deepEqual(bind('/run/thuban-other'), []);
    assert.deepEqual(problems({ rootfs: { type: 'dir', path: '/' } }, facts), ['TH1211 rootfs']);
  });

  test('what is mounted is the path that was checked, without its symbolic links', () => {
    const facts = board();
    facts.paths['/srv/data'] = { type: 'directory', real: '/mnt/disk/data' };
    const list = steps({ mounts: { '/data': { type: 'bind', host: '/srv/data' } } }, facts);
    assert.deepEqual(
      ofOp(list, 'bind')
        .filter((step) => step.target === '/data')
        .map((step) => step.source),
      ['/mnt/disk/data'],
    );
  });

  test('all problems are reported, not only the first', () => {
    const { rootfs: _, ...rootless } = base;
    const made = plan({ ...rootless, suppl_groups: ['nobody-knows', 'video'], mounts: {} }, board());
    assert.deepEqual(
      made.problems.map((problem) => problem.code),
      ['TH3002', 'TH3006'],
    );
  });

  test('a limit that this board cannot have stands beside the other problems', () => {
    const made = plan({ ...base, suppl_groups: ['nobody-knows'], cgroups: { cpu: { quota: 999 } } }, board());
    assert.deepEqual(
      made.problems.map((problem) => [problem.code, problem.details['key']]),
      [
        ['TH3006', 'suppl_groups'],
        ['TH1205', 'cgroups.cpu.quota'],
      ],
    );
    assert.equal(
      made.cgroup.writes.some((write) => write.file === 'cpu.max'),
      false,
    );
  });

  test('supplementary groups become numbers, by name or as written', () => {
    const [ids] = ofOp(steps({ suppl_groups: ['video', '1234'] }), 'ids');
    assert.deepEqual(ids?.groups, [44, 1234]);
  });

  test('the environment is the manifest’s, with the container’s name under both spellings and a path', () => {
    const exec = ofOp(steps({ env: { A: 'b' } }), 'exec')[0];
    assert.deepEqual(
      exec?.env.filter((line) => !line.startsWith('NORTHSTAR_')),
      [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'A=b',
        'THUBAN_CONTAINER=camera:2.1.0',
        'THUBAN_NAME=camera',
        'THUBAN_VERSION=2.1.0',
      ],
    );
    assert.ok(exec?.env.includes('NORTHSTAR_CONTAINER=camera:2.1.0'));
    assert.ok(ofOp(steps({ env: { PATH: '/opt/bin' } }), 'exec')[0]?.env.includes('PATH=/opt/bin'));
  });

  test('a start request may replace program, arguments and environment', () => {
    const exec = ofOp(
      steps({ args: ['a'], env: { A: '1' } }, board(), { init: '/bin/sh', args: ['-c', 'id'], env: { B: '2' } }),
      'exec',
    )[0];
    assert.deepEqual([exec?.path, exec?.args], ['/bin/sh', ['-c', 'id']]);
    assert.equal(
      exec?.env.some((line) => line.startsWith('A=')),
      false,
    );
  });

  test('a program may open 1024 files unless its manifest says otherwise, whatever Node.js raised its own limit to', () => {
    const limits = (rlimits: Manifest['rlimits'], open_files: number): unknown =>
      ofOp(steps(rlimits === undefined ? {} : { rlimits }, board('v2', { open_files })), 'rlimit').map(
        ({ resource, soft, hard }) => [resource, soft, hard],
      );
    assert.deepEqual(limits(undefined, 524288), [['nofile', 1024, 524288]]);
    assert.deepEqual(limits(undefined, 512), [['nofile', 512, 512]]);
    assert.deepEqual(limits({ nofile: { soft: 4096, hard: 8192 } }, 524288), [['nofile', 4096, 8192]]);
  });

  test('capabilities that Thuban itself lacks are a problem, unless it is not known', () => {
    const capabilities = ['CAP_NET_ADMIN', 'CAP_SYS_TIME'];
    assert.deepEqual(problems({ capabilities }, board('v2', { capabilities: ['CAP_NET_ADMIN'] })), [
      'TH3007 capabilities',
    ]);
    assert.deepEqual(problems({ capabilities }, board()), []);
  });

  test('kernels before 5.10 are refused with one sentence', () => {
    for (const kernel of ['4.19.0', '5.9.16-rt'])
      assert.deepEqual(problems({}, board('v2', { kernel })), ['TH2012 name']);
    for (const kernel of ['5.10.0', '6.1', '10.0.1']) assert.deepEqual(problems({}, board('v2', { kernel })), []);
  });

  test('after an OOM kill the rest goes too when memory is limited, unless the manifest says otherwise', () => {
    const flag = (memory: NonNullable<Manifest['cgroups']>['memory']): boolean =>
      plan({ ...base, cgroups: memory === undefined ? {} : { memory } }, board()).kill_all_on_oom;
    assert.equal(flag({ memory_hard_limit: 1 << 25 }), true);
    assert.equal(flag({ memory_hard_limit: 1 << 25, oom_group: false }), false);
    assert.equal(flag(undefined), false);
  });
});
