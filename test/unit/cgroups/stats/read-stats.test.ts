import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStats, type Group } from '../../../../src/cgroups/index.ts';
import { v1Board, v2Board, v2Group } from '../fake-boards.ts';

const v1 = (...controllers: string[]): Group => ({
  controllers,
  version: 1,
  path: `/sys/fs/cgroup/${controllers.join()}/c`,
});

test('v1 and v2 have one structure, and what a version lacks is null', () => {
  const old = v1Board();
  for (const name of ['memory', 'cpuacct', 'pids']) old.mkdir(`/sys/fs/cgroup/${name}/c`);
  const first = readStats(old, [v1('memory'), v1('cpuacct'), v1('pids')]);
  const fs = v2Board();
  const path = v2Group(fs);
  const second = readStats(fs, [{ controllers: ['memory', 'cpu', 'pids'], version: 2, path }]);
  assert.ok(first !== 'gone' && second !== 'gone');
  assert.deepEqual([first.cgroups, second.cgroups], ['v1', 'v2']);
  assert.deepEqual(Object.keys(first), Object.keys(second));
  for (const key of ['cpu', 'pids'] as const)
    assert.deepEqual(
      Object.keys(first[key] ?? {})
        .filter((name) => name !== 'unlimited')
        .sort(),
      Object.keys(second[key] ?? {})
        .filter((name) => name !== 'unlimited')
        .sort(),
    );
  assert.equal(first.psi, null);
  assert.equal(first.io, null);
  assert.equal(first.memory?.unlimited, true);
  assert.equal(first.cpu?.quota_us, null);
  assert.equal(first.cpu?.unlimited, undefined);
});

test('a group that was removed meanwhile is gone, which is no error', () => {
  const fs = v2Board();
  const path = v2Group(fs);
  fs.rmdir(path);
  assert.equal(readStats(fs, [{ controllers: ['memory', 'cpu', 'io', 'pids', 'hugetlb'], version: 2, path }]), 'gone');
  const none = readStats(fs, []);
  assert.ok(none !== 'gone' && none.cgroups === null && none.memory === null);
});

test('kills of v1 are added up over the groups below, and every file of v2 is read once', () => {
  const old = v1Board();
  for (const path of ['/sys/fs/cgroup/memory/c', '/sys/fs/cgroup/memory/c/d']) {
    old.mkdir(path);
    for (let kill = 0; kill < 2; kill++) old.oomKill(path);
  }
  const stats = readStats(old, [v1('memory')]);
  assert.equal(stats !== 'gone' && stats.memory?.events.oom_kill, 4);
  const fs = v2Board();
  const path = v2Group(fs);
  const read: string[] = [];
  const original = fs.read.bind(fs);
  fs.read = (file): string => {
    read.push(file);
    return original(file);
  };
  readStats(fs, [{ controllers: ['memory', 'cpu', 'io', 'pids'], version: 2, path }]);
  assert.equal(new Set(read).size, read.length);
  assert.ok(read.length <= 20, `${read.length} files`);
});
