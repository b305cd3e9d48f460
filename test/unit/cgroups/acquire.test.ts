import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import {
  acquireGroups,
  planCgroups,
  type CgroupRequest,
  type FakeKernelFs,
  type Resources,
} from '../../../src/cgroups/index.ts';
import { factsOf, v1Board, v2Board } from './fake-boards.ts';
import { request } from './requests.ts';

const MIB = 1024 * 1024;

function acquire(
  fs: FakeKernelFs,
  resources: Resources,
  more: Partial<CgroupRequest> = {},
): ReturnType<typeof acquireGroups> {
  return acquireGroups(fs, planCgroups(request('v2', resources, { facts: factsOf(fs), ...more })), {
    signal: fs.signal,
  });
}

function directories(fs: FakeKernelFs): string[] {
  return [
    ...(fs.list('/sys/fs/cgroup').some(({ name }) => name === 'thuban')
      ? fs.group('/sys/fs/cgroup/thuban').walk()
      : []),
  ].map(({ path }) => path);
}

test('acquired v2 groups read what the manifest says', () => {
  const fs = v2Board();
  const groups = acquire(fs, {
    memory: { memory_hard_limit: 10_000_000, memory_swap_limit: 10_000_000 },
    cpu: { cpus: '1', quota: 5000 },
    pids: { limit: 3 },
  });
  const path = '/sys/fs/cgroup/thuban/c-app@1.0.0';
  const read = (file: string): string => fs.read(`${path}/${file}`).trim();
  assert.deepEqual(
    ['memory.max', 'memory.swap.max', 'memory.oom.group', 'cpu.max', 'cpuset.cpus', 'pids.max'].map(read),
    ['9998336', '0', '1', '5000 100000', '1', '3'],
  );
  assert.deepEqual(groups.joins, [{ version: 2, path }]);
  assert.equal(fs.read(`${path}/cgroup.subtree_control`), '');
});

test('acquired v1 groups are joined through the tasks file of each hierarchy', () => {
  const fs = v1Board();
  const groups = acquire(fs, { cpu: { cpus: '2' } });
  assert.deepEqual(
    groups.joins.map(({ path }) => path.split('/')[4]),
    ['cpuset', 'cpuacct', 'freezer', 'memory', 'pids'],
  );
  assert.ok(groups.joins.every(({ path, version }) => version === 1 && path.endsWith('/tasks')));
});

test('a v1 cpuset is filled root-down before anything else, the nodes too', () => {
  const fs = v1Board();
  acquire(fs, { cpu: { cpus: '2' } });
  const top = '/sys/fs/cgroup/cpuset/thuban';
  const read = (path: string): string => fs.read(path).trim();
  assert.deepEqual(
    [
      `${top}/cpuset.cpus`,
      `${top}/cpuset.mems`,
      `${top}/c-app@1.0.0/cpuset.cpus`,
      `${top}/c-app@1.0.0/cpuset.mems`,
    ].map(read),
    ['0-3', '0', '2', '0'],
  );
});

test('real-time bandwidth reaches the container through the shared directory', () => {
  const fs = v1Board();
  acquire(fs, { cpu: { realtime_period: 100_000, realtime_runtime: 5000 } });
  assert.equal(fs.read('/sys/fs/cgroup/cpu/thuban/c-app@1.0.0/cpu.rt_runtime_us').trim(), '5000');
});

test('a file whose alternative exists is left out, one without is refused', () => {
  const fs = v2Board({ absent: ['io.bfq.weight'] });
  acquire(fs, { blkio: { weight: 500 } });
  assert.equal(fs.read('/sys/fs/cgroup/thuban/c-app@1.0.0/io.weight').trim(), 'default 4950');
  assert.throws(() => acquire(v2Board({ absent: ['io.bfq.weight', 'io.weight'] }), { blkio: { weight: 500 } }), {
    code: 'TH2002',
  });
});

const REFUSALS: [string, 'mkdir' | 'write', RegExp, string, string][] = [
  ['a value', 'write', /pids\.max$/, 'EINVAL', 'TH2004'],
  ['a file', 'write', /pids\.max$/, 'ENOENT', 'TH2002'],
  ['a directory', 'mkdir', /c-app/, 'ENOSPC', 'TH2004'],
  ['a directory that is not ours', 'mkdir', /c-app/, 'EACCES', 'TH2006'],
  ['the controllers of a populated group', 'write', /subtree_control$/, 'EBUSY', 'TH2007'],
];

for (const [what, op, path, errno, code] of REFUSALS) {
  for (const board of [v1Board, v2Board]) {
    if (board === v1Board && what.startsWith('the controllers')) continue;
    test(`${board === v1Board ? 'v1' : 'v2'}: when ${what} is refused with ${errno}, everything made is removed`, () => {
      const fs = board();
      fs.faults.push({ op, path, errno });
      assert.throws(
        () => acquire(fs, { pids: { limit: 5 }, memory: { memory_hard_limit: MIB } }),
        (error: unknown) => error instanceof ThubanError && error.code === code && error.details['errno'] === errno,
      );
      const made = fs.log
        .filter((line) => line.startsWith('mkdir ') && !line.includes('c-app'))
        .map((line) => line.slice(6));
      for (const directory of made) assert.throws(() => fs.stat(directory), { code: 'ENOENT' });
    });
  }
}

test('a refusal names file, value, path, errno and manifest key', () => {
  const fs = v2Board();
  assert.throws(
    () => acquire(fs, { blkio: { throttle_read_bps_device: [{ major: 99, minor: 1, rate: 5 }] } }),
    (error: unknown) => {
      assert.ok(error instanceof ThubanError);
      assert.deepEqual(error.details, {
        path: '/sys/fs/cgroup/thuban/c-app@1.0.0',
        file: 'io.max',
        value: '99:1 rbps=5',
        errno: 'ENODEV',
        key: 'cgroups.blkio.throttle_read_bps_device.0',
      });
      return true;
    },
  );
});

test('a value that the kernel changes behind our back is refused', () => {
  const fs = v2Board();
  const read = fs.read.bind(fs);
  fs.read = (path) => (path.endsWith('/pids.max') ? '7\n' : read(path));
  assert.throws(() => acquire(fs, { pids: { limit: 5 } }), {
    code: 'TH2004',
    message: /keeps `7` in pids\.max instead of `5`/,
  });
});

test('an existing empty group is made anew, a populated one is not touched', () => {
  const fs = v2Board();
  const groups = acquire(fs, { pids: { limit: 5 } });
  const path = groups.groups[0]?.path ?? '';
  fs.mkdir(`${path}/sub`);
  fs.oomKill(path);
  assert.deepEqual(acquire(fs, {}).oomCounters(), { oom: 0, oom_kill: 0, oom_group_kill: 0 });
  assert.equal(fs.read(`${path}/pids.max`).trim(), 'max');
  const pid = fs.spawn(path);
  assert.throws(() => acquire(fs, {}), { code: 'TH2011' });
  assert.ok(fs.alive(pid));
});

test('the shared directory may vanish between two steps', () => {
  const fs = v2Board();
  const at = fs.mkdir.bind(fs);
  let strikes = 3;
  fs.mkdir = (path) => {
    if (path.includes('c-app') && strikes-- > 0) fs.rmdir('/sys/fs/cgroup/thuban');
    at(path);
  };
  acquire(fs, { memory: { memory_hard_limit: MIB } });
  assert.equal(fs.read('/sys/fs/cgroup/thuban/c-app@1.0.0/memory.max').trim(), String(MIB));
});

test('a shared directory that vanishes for ever ends the attempt', () => {
  const fs = v2Board();
  const at = fs.mkdir.bind(fs);
  fs.mkdir = (path) => {
    if (path.includes('c-app')) fs.rmdir('/sys/fs/cgroup/thuban');
    at(path);
  };
  assert.throws(() => acquire(fs, {}), ThubanError);
  assert.deepEqual(directories(fs), []);
});

test('a parent that does not exist is named', () => {
  const fs = v2Board();
  assert.throws(() => acquire(fs, {}, { parent: '/sys/fs/cgroup/none' }), ThubanError);
});

test('only wanted controllers may be refused, one by one', () => {
  const fs = v2Board();
  fs.faults.push({ op: 'write', path: /subtree_control$/, errno: 'EINVAL', times: 2 });
  acquire(fs, {});
  const refused = v2Board();
  refused.faults.push({ op: 'write', path: /subtree_control$/, errno: 'EINVAL' });
  assert.throws(() => acquire(refused, { memory: { memory_hard_limit: MIB } }), {
    code: 'TH2004',
    message: /`\+memory` for cgroup\.subtree_control/,
  });
});

test('a failed start does not touch the empty group that another process just made beside it', () => {
  const fs = v2Board();
  const other = '/sys/fs/cgroup/thuban/c-other@1.0.0';
  fs.faults.push({
    op: 'write',
    path: /pids\.max$/,
    errno: 'EINVAL',
    then: () => {
      fs.mkdir(other);
    },
  });
  assert.throws(() => acquire(fs, { pids: { limit: 5 } }), { code: 'TH2004' });
  assert.ok(fs.stat(other).directory);
});

/** `/svc`, in the group of which only memory and pids are handed down. */
function narrow(): FakeKernelFs {
  const fs = v2Board();
  fs.write('/sys/fs/cgroup/cgroup.subtree_control', '+memory +pids');
  fs.mkdir('/sys/fs/cgroup/svc');
  return fs;
}

test('a controller that is not handed down to the parent refuses a limit of it, and nothing else', () => {
  const fs = narrow();
  const where = { facts: factsOf(fs, '0::/svc\n') };
  assert.throws(() => acquire(fs, { cpu: { shares: 512 } }, where), {
    code: 'TH2006',
    message: 'the cpu controller is not handed down to /sys/fs/cgroup/svc',
  });
  assert.equal(fs.list('/sys/fs/cgroup/svc').filter(({ directory }) => directory).length, 0);
  const groups = acquire(fs, { memory: { memory_hard_limit: 8 * MIB }, pids: { limit: 4 } }, where);
  assert.equal(fs.read(`${groups.groups[0]?.path ?? ''}/memory.max`), `${8 * MIB}\n`);
});

test('with best_effort the container starts without such a limit, which is named', () => {
  const fs = narrow();
  const groups = acquire(
    fs,
    { cpu: { shares: 512 }, pids: { limit: 4 } },
    { facts: factsOf(fs, '0::/svc\n'), enforce: 'best_effort' },
  );
  assert.deepEqual(
    groups.degraded.map(({ code, key, message }) => [code, key, message]),
    [
      [
        'TH2006',
        'cgroups.cpu.shares',
        'the cpu controller is not handed down to /sys/fs/cgroup/svc/thuban/c-app@1.0.0',
      ],
    ],
  );
  assert.equal(fs.read(`${groups.groups[0]?.path ?? ''}/pids.max`), '4\n');
});
