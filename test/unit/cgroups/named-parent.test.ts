import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  acquireGroups,
  plainFacts,
  planCgroups,
  type AcquiredGroups,
  type CgroupFacts,
  type FakeKernelFs,
  type Resources,
  type SharedGroups,
} from '../../../src/cgroups/index.ts';
import { ThubanError } from '../../../src/base/index.ts';
import { skipCorpus, vectors } from './corpus.ts';
import { factsOf, v1Board, v2Board } from './fake-boards.ts';
import { sleepingClock as fakeClock } from './sleeping-clock.ts';
import { request } from './requests.ts';

const MIB = 2 ** 20;

/** Remembers what was made, as a board does, and gives only that for removal. */
class Made implements SharedGroups {
  readonly paths = new Set<string>();

  made(path: string): void {
    this.paths.add(path);
  }

  above(): string[] {
    return [...this.paths].sort((a, b) => b.length - a.length);
  }

  gone(path: string): void {
    this.paths.delete(path);
  }
}

function acquire(
  fs: FakeKernelFs,
  resources: Resources = {},
  shared = new Made(),
  below = 'apps/video',
): AcquiredGroups {
  const plan = planCgroups(request('v2', resources, { facts: factsOf(fs), below }));
  return acquireGroups(fs, plan, { shared, signal: fs.signal });
}

describe('the plan of a container whose manifest names the groups above', () => {
  test('on v2 enables the controllers level by level', () => {
    const plan = planCgroups(request('v2', { pids: { limit: 5 } }, { below: 'apps/video' }));
    assert.deepEqual(
      plan.writes.map(({ op, path, value, file }) =>
        op === 'mkdir' ? `mkdir ${path}` : `${path}/${file ?? ''} ${value ?? ''}`,
      ),
      [
        '/sys/fs/cgroup/cgroup.subtree_control +pids',
        '/sys/fs/cgroup/cgroup.subtree_control +cpu +io +memory',
        'mkdir /sys/fs/cgroup/apps',
        '/sys/fs/cgroup/apps/cgroup.subtree_control +pids',
        '/sys/fs/cgroup/apps/cgroup.subtree_control +cpu +io +memory',
        'mkdir /sys/fs/cgroup/apps/video',
        '/sys/fs/cgroup/apps/video/cgroup.subtree_control +pids',
        '/sys/fs/cgroup/apps/video/cgroup.subtree_control +cpu +io +memory',
        'mkdir /sys/fs/cgroup/apps/video/c-app@1.0.0',
        '/sys/fs/cgroup/apps/video/c-app@1.0.0/pids.max 5',
      ],
    );
    assert.equal(plan.levels, 2);
  });

  test('on v1 is below them in every hierarchy, and fills the cpuset of each level', () => {
    const plan = planCgroups(request('v1', { cpu: { cpus: '0' } }, { below: 'apps/video' }));
    for (const { path } of plan.groups) assert.match(path, /^\/sys\/fs\/cgroup\/[\w,]+\/apps\/video\/c-app@1\.0\.0$/);
    assert.deepEqual(
      plan.writes.filter(({ strategy }) => strategy === 'fill_empty').map(({ path }) => path),
      ['', '/video', '/video/c-app@1.0.0'].map((rest) => `/sys/fs/cgroup/cpuset/apps${rest}`),
    );
  });

  test('on a hybrid board is below them on both sides', () => {
    const v1 = plainFacts('v1').controllers;
    const mount = { mountpoint: '/sys/fs/cgroup/unified', root: '/', own: '/' };
    const facts: CgroupFacts = {
      layout: 'hybrid',
      controllers: { memory: v1['memory']!, hugetlb: { version: 2, ...mount } },
      unified: { ...mount, controllers: ['hugetlb'] },
    };
    const plan = planCgroups(request('v1', { hugetlb: [{ page_size: '2MB', limit: 0 }] }, { facts, below: 'apps' }));
    assert.deepEqual(
      plan.groups.map(({ path }) => path),
      ['/sys/fs/cgroup/memory/apps/c-app@1.0.0', '/sys/fs/cgroup/unified/apps/c-app@1.0.0'],
    );
  });

  test('begins below the configured parent, whatever that is', () => {
    const paths = (own: string, parent: string): (string | undefined)[] => {
      const unified = { mountpoint: '/sys/fs/cgroup', root: '/', own };
      const facts = { layout: 'v2' as const, controllers: {}, unified: { ...unified, controllers: [] } };
      return planCgroups(request('v2', {}, { facts, parent, below: 'apps' })).groups.map(({ path }) => path);
    };
    assert.deepEqual(paths('/svc/thuban-supervisor', 'self'), ['/sys/fs/cgroup/svc/apps/c-app@1.0.0']);
    assert.deepEqual(paths('/svc', '/sys/fs/cgroup/board'), ['/sys/fs/cgroup/board/apps/c-app@1.0.0']);
  });

  test('is refused where it would be in a group that Thuban uses for something else', () => {
    for (const [below, top] of [
      ['board', 'board'],
      ['board/x', 'board'],
      ['thuban-supervisor', 'thuban'],
    ] as const)
      assert.throws(
        () => planCgroups(request('v2', {}, { below, top })),
        (error: unknown) =>
          error instanceof ThubanError && error.code === 'TH1211' && error.details['key'] === 'cgroups.parent',
      );
    assert.equal(planCgroups(request('v2', {}, { below: 'x/board', top: 'board' })).levels, 2);
  });

  test('never leads anywhere else, also when nobody has checked the manifest', () => {
    for (const below of ['..', 'a/../b', 'a//b', '/a', '', 'a/', './a', 'a\nb', 'a\0'])
      assert.throws(() => planCgroups(request('v2', {}, { below })), { code: 'TH2013' }, JSON.stringify(below));
  });
});

for (const [version, board, memory] of [
  ['v1', v1Board, '/sys/fs/cgroup/memory'],
  ['v2', v2Board, '/sys/fs/cgroup'],
] as const)
  describe(`groups that a manifest names, on ${version}`, () => {
    const has = (fs: FakeKernelFs, path: string): boolean =>
      [...fs.group(memory).walk()].some((group) => group.path === `${memory}/${path}`);

    test('are made, noted one by one, and go with the last container in them', async () => {
      const fs = board();
      const shared = new Made();
      const groups = acquire(fs, { memory: { memory_hard_limit: MIB } }, shared);
      const hierarchies = groups.groups.length;
      assert.equal(shared.paths.size, 2 * hierarchies);
      const other = acquire(fs, {}, shared, 'apps/audio');
      assert.equal(shared.paths.size, 3 * hierarchies);
      assert.deepEqual(await groups.remove(fakeClock()), []);
      assert.deepEqual([has(fs, 'apps'), has(fs, 'apps/video'), has(fs, 'apps/audio')], [true, false, true]);
      assert.deepEqual(await other.remove(fakeClock()), []);
      assert.deepEqual([has(fs, 'apps'), shared.paths.size], [false, 0]);
    });

    test('stay when somebody else has made them, with his limits', async () => {
      const fs = board();
      fs.mkdir(`${memory}/apps`);
      const limit = version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max';
      if (version === 'v2') fs.write(`${memory}/cgroup.subtree_control`, '+memory');
      fs.write(`${memory}/apps/${limit}`, String(8 * MIB));
      const groups = acquire(fs);
      await groups.remove(fakeClock());
      assert.deepEqual([has(fs, 'apps'), has(fs, 'apps/video')], [true, false]);
      assert.equal(fs.read(`${memory}/apps/${limit}`).trim(), String(8 * MIB));
    });

    test('go again when the start fails, and only those that it made', () => {
      const fs = board();
      fs.mkdir(`${memory}/apps`);
      const shared = new Made();
      fs.faults.push({ op: 'write', path: /pids\.max$/, errno: 'EINVAL' });
      assert.throws(() => acquire(fs, { pids: { limit: 5 } }, shared), { code: 'TH2004' });
      assert.deepEqual([has(fs, 'apps'), has(fs, 'apps/video'), [...shared.paths]], [true, false, []]);
    });

    test('go again when it cannot be noted that they were made', () => {
      const fs = board();
      const shared = new Made();
      shared.made = () => {
        throw new ThubanError('TH7006', 'no space');
      };
      assert.throws(() => acquire(fs, {}, shared), { code: 'TH7006' });
      assert.ok(!has(fs, 'apps'));
    });

    test('may vanish between two steps, one of them or all', () => {
      for (const gone of [['apps/video'], ['apps/video', 'apps']]) {
        const fs = board();
        const mkdir = fs.mkdir.bind(fs);
        let strikes = 3;
        fs.mkdir = (path) => {
          if (path.startsWith(`${memory}/`) && path.includes('c-app') && strikes-- > 0)
            for (const each of gone) fs.rmdir(`${memory}/${each}`);
          mkdir(path);
        };
        acquire(fs, { memory: { memory_hard_limit: MIB } });
        assert.ok(has(fs, 'apps/video/c-app@1.0.0'), String(gone));
      }
    });

    test('are no files of the kernel', () => {
      const [file, fs] = [version === 'v1' ? 'tasks' : 'cgroup.threads', board()];
      assert.throws(() => acquire(fs, {}, new Made(), file), { code: 'TH2013', message: /is a file of the kernel/ });
    });
  });

describe('a group above that an operator has made on v2', () => {
  test('is refused when it holds processes, which are not moved', () => {
    const fs = v2Board();
    fs.mkdir('/sys/fs/cgroup/apps');
    const pid = fs.spawn('/sys/fs/cgroup/apps');
    assert.throws(() => acquire(fs), {
      code: 'TH2007',
      message: '/sys/fs/cgroup/apps holds a process, so that no controller can be enabled for containers below it',
    });
    assert.equal(fs.read('/sys/fs/cgroup/apps/cgroup.procs').trim(), String(pid));
  });

  test('is refused when it is threaded', () => {
    const fs = v2Board();
    fs.mkdir('/sys/fs/cgroup/apps');
    fs.write('/sys/fs/cgroup/apps/cgroup.type', 'threaded');
    assert.throws(() => acquire(fs), { code: 'TH2013', message: /is a threaded group/ });
  });

  test('is refused when it does not hand down what a limit needs', () => {
    const fs = v2Board();
    fs.mkdir('/sys/fs/cgroup/apps');
    fs.faults.push({ op: 'write', path: /apps\/cgroup\.subtree_control$/, errno: 'ENOENT' });
    assert.throws(() => acquire(fs, { pids: { limit: 5 } }), {
      code: 'TH2006',
      message: 'the pids controller is not handed down to /sys/fs/cgroup/apps',
    });
    assert.ok(fs.stat('/sys/fs/cgroup/apps').directory);
  });
});

describe('a group above that an operator has made on v1', () => {
  test('may hold processes', () => {
    const fs = v1Board();
    fs.mkdir('/sys/fs/cgroup/memory/apps');
    fs.spawn('/sys/fs/cgroup/memory/apps');
    assert.ok(acquire(fs).groups.length > 0);
  });

  test('with empty cpusets gets those above it, so that something can live below', () => {
    const fs = v1Board();
    fs.mkdir('/sys/fs/cgroup/cpuset/apps');
    acquire(fs, { cpu: { cpus: '2' } });
    const read = (path: string): string => fs.read(`/sys/fs/cgroup/cpuset/${path}/cpuset.cpus`).trim();
    assert.deepEqual(['apps', 'apps/video', 'apps/video/c-app@1.0.0'].map(read), ['0-3', '0-3', '2']);
  });
});

test('real-time bandwidth comes down through all groups that the manifest names', () => {
  const fs = v1Board();
  acquire(fs, { cpu: { realtime_period: 100_000, realtime_runtime: 5000 } }, new Made(), 'a/b/c');
  const runtime = (path: string): string => fs.read(`/sys/fs/cgroup/cpu/${path}/cpu.rt_runtime_us`).trim();
  assert.deepEqual(['a', 'a/b', 'a/b/c', 'a/b/c/c-app@1.0.0'].map(runtime), ['950000', '950000', '950000', '5000']);
});

type PathVector = { base: string; sub: string } | { container: string; parent: string };

for (const vector of vectors('parse').filter(({ id }) => /^(subcgroup|manifest-parent)-/.test(id))) {
  test(`a path of a manifest is judged as in vector ${vector.id}`, () => {
    const input = vector.input as unknown as PathVector;
    const expect = vector.expect as { accepted?: boolean; group?: string };
    const [parent, below] = 'sub' in input ? [`/sys/fs/cgroup${input.base}`, input.sub] : ['self', input.parent];
    const name = 'sub' in input ? 'app' : input.container;
    const place = (): string[] =>
      planCgroups(request('v2', {}, { parent, below, name })).groups.map(({ path }) => path);
    if (expect.accepted !== true && expect.group === undefined) assert.throws(place, { code: 'TH2013' });
    else assert.deepEqual(place(), [`${parent === 'self' ? '/sys/fs/cgroup' : parent}/${below}/c-${name}@1.0.0`]);
  });
}

test('the vectors of paths are replayed', { skip: skipCorpus }, () => {
  assert.ok(vectors('parse').some(({ id }) => id.startsWith('manifest-parent-')));
});
