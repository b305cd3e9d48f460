import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acquireGroups,
  applyUpdate,
  planCgroups,
  planUpdate,
  type FakeKernelFs,
  type Resources,
} from '../../../src/cgroups/index.ts';
import { skipCorpus, vectors } from './corpus.ts';
import { factsOf, v1Board, v2Board } from './fake-boards.ts';
import { request } from './requests.ts';

const LEAF = '/thuban/c-app@1.0.0/';

/** The writes that reach the container's own files while `resources` are put into a group that already has `pre`. */
function ordered(fs: FakeKernelFs, resources: Resources, pre: Record<string, string> = {}): [string, string][] {
  const facts = factsOf(fs);
  const base = request('v1', resources, { facts });
  const plan = planCgroups(base);
  const groups = acquireGroups(
    fs,
    planCgroups({ ...base, resources: Object.fromEntries(Object.keys(resources).map((name) => [name, {}])) }),
  );
  const fresh = plan.groups.some(({ path }) => !groups.groups.some((group) => group.path === path));
  if (fresh) acquireGroups(fs, plan);
  for (const [file, value] of Object.entries(pre)) {
    const group = plan.groups.find(({ controllers }) => controllers.includes(file.split('.')[0] ?? ''));
    fs.group(group?.path ?? '').values.set(file, value);
  }
  fs.log.length = 0;
  applyUpdate(fs, planUpdate(plan.groups, [planCgroups({ ...base, resources: {} })], plan), { force: true });
  return fs.log
    .filter((line) => line.startsWith('write ') && line.includes(LEAF))
    .map((line) => [line.split(' ')[1]?.split('/').at(-1) ?? '', line.split(' ').slice(2).join(' ')]);
}

const MIB = 1024 * 1024;
const memory = (hard: number, swap: number): Resources => ({
  memory: { memory_hard_limit: hard, memory_swap_limit: swap },
});
const present = (hard: number, swap: number): Record<string, string> => ({
  'memory.limit_in_bytes': String(hard),
  'memory.memsw.limit_in_bytes': String(swap),
});

test('raised limits are written with swap first, lowered ones with swap last', () => {
  const files = (to: [number, number], from: [number, number]): string[] =>
    ordered(v1Board(), memory(...to), present(...from)).map(([file]) => file);
  const [limit, memsw] = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];
  assert.deepEqual(files([128 * MIB, 256 * MIB], [32 * MIB, 64 * MIB]), [memsw, limit]);
  assert.deepEqual(files([16 * MIB, 32 * MIB], [64 * MIB, 128 * MIB]), [limit, memsw]);
  assert.deepEqual(files([-1, -1], [64 * MIB, 128 * MIB]), [memsw, limit]);
});

test('a period that the kernel refuses is written again after the quota', () => {
  const fs = v1Board();
  fs.write('/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '50000');
  const writes = ordered(
    fs,
    { cpu: { period: 10_000, quota: 3000 } },
    { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '50000' },
  );
  assert.deepEqual(writes, [
    ['cpu.cfs_period_us', '10000'],
    ['cpu.cfs_quota_us', '3000'],
    ['cpu.cfs_period_us', '10000'],
  ]);
});

test('swap is written before the limit on v2, so that a tight limit does not begin by swapping', () => {
  assert.deepEqual(ordered(v2Board(), memory(MIB, MIB)).slice(0, 2), [
    ['memory.swap.max', '0'],
    ['memory.max', String(MIB)],
  ]);
});

for (const vector of vectors('order')) {
  const { pre, memory, cpu } = vector.input as { pre?: Record<string, string>; memory?: unknown; cpu?: unknown };
  const section = memory === undefined ? 'cpu' : 'memory';
  const resources = memory ?? cpu;
  if (resources === undefined) continue;
  const v2 = Object.keys(vector.v1).length === 0;
  test(`the order of vector ${vector.id} is kept`, () => {
    const fs = v2 ? v2Board() : v1Board();
    const own = Object.entries(pre ?? {}).filter(([file]) => !file.startsWith('parent/'));
    for (const [file, value] of Object.entries(pre ?? {}))
      if (file === 'parent/cpu.cfs_quota_us') fs.write('/sys/fs/cgroup/cpu/cpu.cfs_quota_us', value);
    const input = { [section]: resources } as Resources;
    const wanted = (vector.writes ?? [])
      .filter(([file]) => file !== 'cgroup.procs')
      .map(([file, value]) => [file, value]);
    const writes = ordered(fs, input, Object.fromEntries(own)).filter(([file]) => file !== 'memory.oom.group');
    const parent = pre?.['parent/cpuset.cpus'];
    assert.deepEqual(
      writes,
      parent === undefined ? wanted : wanted.map(([file, value]) => [file, value === parent ? '0-3' : value]),
    );
  });
}

test('the order vectors of the corpus are replayed', { skip: skipCorpus }, () => {
  assert.ok(vectors('order').length > 0);
});
