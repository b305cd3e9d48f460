import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupName, plainFacts, planCgroups, type CgroupFacts } from '../../../src/cgroups/index.ts';
import { request } from './requests.ts';

const drawn = (writes: { op: string; path: string; file?: string; value?: string }[]): string[] =>
  writes.map(({ op, path, file, value }) => [op, path, file, value].filter((part) => part !== undefined).join(' '));

test('a v2 plan enables controllers root-down and never in the container itself', () => {
  const plan = planCgroups(request('v2', { cpu: { cpus: '0' }, pids: { limit: 5 } }));
  assert.deepEqual(drawn(plan.writes), [
    'write /sys/fs/cgroup cgroup.subtree_control +cpuset +pids',
    'write /sys/fs/cgroup cgroup.subtree_control +cpu +io +memory',
    'mkdir /sys/fs/cgroup/thuban',
    'write /sys/fs/cgroup/thuban cgroup.subtree_control +cpuset +pids',
    'write /sys/fs/cgroup/thuban cgroup.subtree_control +cpu +io +memory',
    'mkdir /sys/fs/cgroup/thuban/c-app@1.0.0',
    'write /sys/fs/cgroup/thuban/c-app@1.0.0 cpuset.cpus 0',
    'write /sys/fs/cgroup/thuban/c-app@1.0.0 pids.max 5',
  ]);
  assert.deepEqual(plan.groups, [
    { controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'], version: 2, path: '/sys/fs/cgroup/thuban/c-app@1.0.0' },
  ]);
});

test('a v1 container always has groups for memory, processor time, threads and the freezer, and one for co-mounted controllers', () => {
  const paths = (resources: object): string[] =>
    planCgroups(request('v1', resources)).groups.map(({ controllers }) => controllers.join(','));
  assert.deepEqual(paths({}), ['cpu,cpuacct', 'freezer', 'memory', 'pids']);
  assert.deepEqual(paths({ cpu: { cpus: '0', quota: 5000 }, blkio: { weight: 100 } }), [
    'cpuset',
    'cpu,cpuacct',
    'freezer',
    'blkio',
    'memory',
    'pids',
  ]);
});

test('a board without accounting controllers still gets what its limits need', () => {
  const { cpuset } = plainFacts('v1').controllers;
  assert.ok(cpuset);
  const plan = planCgroups(request('v1', { cpu: { cpus: '0' } }, { facts: { layout: 'v1', controllers: { cpuset } } }));
  assert.deepEqual(
    plan.groups.map(({ path }) => path),
    ['/sys/fs/cgroup/cpuset/thuban/c-app@1.0.0'],
  );
});

test('a board without any cgroups starts what asks for no limit', () => {
  const plan = planCgroups(request('v1', {}, { facts: { layout: 'none', controllers: {} } }));
  assert.deepEqual([plan.groups, plan.writes], [[], []]);
});

test('a hybrid board has each limit where its controller is', () => {
  const v1 = plainFacts('v1').controllers;
  const mount = { mountpoint: '/sys/fs/cgroup/unified', root: '/', own: '/' };
  const facts: CgroupFacts = {
    layout: 'hybrid',
    controllers: { memory: v1['memory']!, hugetlb: { version: 2, ...mount } },
    unified: { ...mount, controllers: ['hugetlb'] },
  };
  const plan = planCgroups(
    request('v1', { memory: { memory_hard_limit: 2 ** 20 }, hugetlb: [{ page_size: '2MB', limit: 0 }] }, { facts }),
  );
  assert.deepEqual(
    plan.groups.map(({ version, path }) => [version, path]),
    [
      [1, '/sys/fs/cgroup/memory/thuban/c-app@1.0.0'],
      [2, '/sys/fs/cgroup/unified/thuban/c-app@1.0.0'],
    ],
  );
});

test('a hybrid board has the v2 group only for a controller, or where v1 has no freezer', () => {
  const v1 = plainFacts('v1').controllers;
  const mount = { mountpoint: '/sys/fs/cgroup/unified', root: '/', own: '/' };
  const versions = (controllers: CgroupFacts['controllers']): number[] => {
    const facts: CgroupFacts = { layout: 'hybrid', controllers, unified: { ...mount, controllers: [] } };
    return planCgroups(request('v1', {}, { facts })).groups.map(({ version }) => version);
  };
  assert.deepEqual(versions({ memory: v1['memory']!, freezer: v1['freezer']! }), [1, 1]);
  assert.deepEqual(versions({ memory: v1['memory']! }), [1, 2]);
});

const withOwn = (own: string, root = '/'): CgroupFacts => {
  const unified = { mountpoint: '/sys/fs/cgroup', root, own };
  return {
    layout: 'v2',
    controllers: { memory: { version: 2, ...unified } },
    unified: { ...unified, controllers: ['memory'] },
  };
};

const PARENTS: [string, CgroupFacts, string, string | undefined][] = [
  ['the own group', withOwn('/svc'), 'self', '/sys/fs/cgroup/svc'],
  ['the group above the own supervisor leaf', withOwn('/svc/thuban-supervisor'), 'self', '/sys/fs/cgroup/svc'],
  [
    'the mount point of a mount that shows the own group',
    withOwn('/docker/abc', '/docker/abc'),
    'self',
    '/sys/fs/cgroup',
  ],
  ['the rest below the root of the mount', withOwn('/docker/abc/foo', '/docker/abc'), 'self', '/sys/fs/cgroup/foo'],
  ['an absolute path', withOwn('/svc'), '/sys/fs/cgroup/a/b', '/sys/fs/cgroup/a/b'],
  ['the mount itself', withOwn('/svc'), '/sys/fs/cgroup/', '/sys/fs/cgroup'],
  ['a path that stays inside of the mount', withOwn('/svc'), '/sys/fs/cgroup/a/../b', '/sys/fs/cgroup/b'],
  ['a path that leaves the mount', withOwn('/svc'), '/sys/fs/cgroup/../x', undefined],
  ['a path that only begins like the mount', withOwn('/svc'), '/sys/fs/cgroupfoo', undefined],
  ['a relative path', withOwn('/svc'), 'a/b', undefined],
  ['a path with a newline', withOwn('/svc'), '/sys/fs/cgroup/a\nb', undefined],
  ['a deleted own group', withOwn('/svc (deleted)'), 'self', undefined],
  ['an own group outside of the namespace', withOwn('/../svc'), 'self', undefined],
  ['an own group outside of the mount', withOwn('/foobar', '/foo'), 'self', undefined],
];

for (const [what, facts, parent, path] of PARENTS) {
  test(path === undefined ? `${what} cannot be a parent` : `the parent can be ${what}`, () => {
    const plan = (): string[] => planCgroups(request('v2', {}, { facts, parent })).groups.map((group) => group.path);
    if (path === undefined) assert.throws(plan, { code: 'TH2013' });
    else assert.deepEqual(plan(), [`${path}/thuban/c-app@1.0.0`]);
  });
}

test('different containers never share a group name', () => {
  const long = 'x'.repeat(250);
  const names = [
    groupName('a', '1.0.0'),
    groupName('a', '1.0.0', { instance: 2 }),
    groupName('a', '1.0.1'),
    groupName(long, '1.0.0'),
    groupName(long, '1.0.1'),
    groupName(long, '1.0.0', { instance: 2 }),
  ];
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(names.slice(0, 2), ['c-a@1.0.0', 'c-a@1.0.0#2']);
  for (const name of names) assert.ok(name.length <= 200);
  for (const bad of ['', '..', 'a/b', 'a\0', 'a\n', 'a@1'])
    if (bad !== '..') assert.throws(() => groupName(bad, '1.0.0'), { code: 'TH1211' });
});

test('a name of the shared directory that leads elsewhere is refused', () => {
  for (const top of ['', '.', '..', 'a/b', 'a\nb'])
    assert.throws(() => planCgroups(request('v2', {}, { top })), { code: 'TH2013' });
});
