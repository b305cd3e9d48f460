import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cpuUsage,
  formatCpulist,
  listGroups,
  memoryUsage,
  parseCpulist,
  sharesToWeight,
  workingSet,
  type Group,
} from '../../../src/cgroups/index.ts';
import { factsOf, v1Board, v2Board, v2Group } from './fake-boards.ts';

const v1 = (controller: string): Group => ({
  controllers: [controller],
  version: 1,
  path: `/sys/fs/cgroup/${controller}/c`,
});

test('v1 processor time comes from cpuacct, in microseconds, the throttling from cpu', () => {
  const fs = v1Board();
  for (const name of ['cpu', 'cpuacct']) fs.mkdir(`/sys/fs/cgroup/${name}/c`);
  fs.group('/sys/fs/cgroup/cpuacct/c').values.set('cpuacct.usage', '12262454190222160');
  fs.group('/sys/fs/cgroup/cpu/c').values.set(
    'cpu.stat',
    'nr_periods 7\nnr_throttled 2\nthrottled_time 18446744073709551615',
  );
  assert.deepEqual(cpuUsage(fs, [v1('cpu'), v1('cpuacct')]), {
    usage_us: 12_262_454_190_222,
    nr_periods: 7,
    nr_throttled: 2,
  });
  assert.deepEqual(cpuUsage(fs, [v1('cpuacct')]), {
    usage_us: 12_262_454_190_222,
    nr_periods: null,
    nr_throttled: null,
  });
  assert.equal(cpuUsage(fs, [v1('memory')]), null);
});

test('v2 processor time is there without the controller, the throttling is not', () => {
  const fs = v2Board();
  fs.mkdir('/sys/fs/cgroup/c');
  const group: Group = { controllers: [], version: 2, path: '/sys/fs/cgroup/c' };
  assert.deepEqual(cpuUsage(fs, [group]), { usage_us: 0, nr_periods: null, nr_throttled: null });
  fs.rmdir('/sys/fs/cgroup/c');
  assert.equal(cpuUsage(fs, [group]), null);
});

test('no limit is null, on v1 and on v2, and so is a group that is gone', () => {
  const fs = v1Board();
  fs.mkdir('/sys/fs/cgroup/memory/c');
  assert.deepEqual(memoryUsage(fs, [v1('memory')]), { usage: 0, limit: null, peak: 0 });
  assert.equal(workingSet(fs, [v1('memory')]), 0);
  assert.equal(memoryUsage(fs, [v1('pids')]), null);
  const other = v2Board({ absent: ['memory.peak'] });
  const path = v2Group(other);
  other.group(path).usage = 4096;
  const group: Group = { controllers: ['memory'], version: 2, path };
  assert.deepEqual(memoryUsage(other, [group]), { usage: 4096, limit: null, peak: null });
  assert.equal(workingSet(other, [group]), 4096);
  other.rmdir(path);
  assert.equal(memoryUsage(other, [group]), null);
});

test('the groups of containers are listed by name, and nothing else is', () => {
  const fs = v1Board();
  for (const path of [
    '/memory/thuban',
    '/memory/thuban/c-a@1.0.0',
    '/memory/thuban/other',
    '/pids/thuban',
    '/pids/thuban/c-a@1.0.0',
  ])
    fs.mkdir(`/sys/fs/cgroup${path}`);
  assert.deepEqual(
    [...listGroups(fs, factsOf(fs), 'self', 'thuban')].map(([name, groups]) => [
      name,
      groups.map(({ controllers }) => controllers.join()),
    ]),
    [['c-a@1.0.0', ['memory', 'pids']]],
  );
});

test('processor lists are read as the kernel reads them', () => {
  const rows: [string, string | undefined][] = [
    ['0', '0'],
    ['0-3,8', '0-3,8'],
    ['3,1, 2', '1-3'],
    ['1-1', '1'],
    ['', undefined],
    ['-3', undefined],
    ['5-4', undefined],
    ['1 - 2', undefined],
    ['a', undefined],
    ['1,,2', undefined],
    ['0\n1', undefined],
    ['0-99999999', undefined],
  ];
  for (const [text, wanted] of rows) {
    const found = parseCpulist(text);
    assert.equal(found === undefined ? undefined : formatCpulist(found), wanted, text);
  }
});

test('shares become weights that never fall and stay in range', () => {
  let last = 0;
  for (let shares = 2; shares <= 262_144; shares += 97) {
    const weight = sharesToWeight(shares);
    assert.ok(weight >= last && weight >= 1 && weight <= 10_000);
    last = weight;
  }
  assert.deepEqual([2, 1024, 262_144].map(sharesToWeight), [1, 100, 10_000]);
});
