import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AcquiredGroups,
  classifyOom,
  readAbove,
  readMemoryEvents,
  type FakeKernelFs,
  type Group,
  type OomVerdict,
} from '../../../src/cgroups/index.ts';
import { v1Board, v2Board, v2Group } from './fake-boards.ts';

const KILL = { signal: 9 };
const MiB = 1024 * 1024;

/** A container two groups below the root, with the groups above it. */
function v2(mount = ''): { fs: FakeKernelFs; group: Group; parent: string; thuban: string } {
  const fs = v2Board();
  const parent = v2Group(fs, 'apps');
  fs.write(`${parent}/cgroup.subtree_control`, '+memory');
  const thuban = `${parent}/thuban`;
  fs.mkdir(thuban);
  fs.write(`${thuban}/cgroup.subtree_control`, '+memory');
  const path = `${thuban}/c${mount}`;
  fs.mkdir(path);
  return { fs, group: { controllers: ['memory'], version: 2, path }, parent, thuban };
}

function v1(): { fs: FakeKernelFs; group: Group; parent: string } {
  const fs = v1Board();
  const parent = '/sys/fs/cgroup/memory/apps';
  for (const path of [parent, `${parent}/thuban`, `${parent}/thuban/c`]) fs.mkdir(path);
  return { fs, group: { controllers: ['memory'], version: 1, path: `${parent}/thuban/c` }, parent };
}

/** What is told of a run in which this happens. */
function during(fs: FakeKernelFs, group: Group, happens: () => void, notified = false): OomVerdict {
  const groups = new AcquiredGroups(fs, [group]);
  const [before, above] = [groups.oomCounters(), groups.above()];
  assert.ok(above !== null);
  happens();
  const [after, now] = [groups.oomCounters(), groups.above()];
  assert.ok(now !== null);
  return classifyOom({
    version: group.version,
    before,
    after,
    exit: KILL,
    above: { before: above, after: now },
    notified,
  });
}

/** The use of a v1 group rises to this many bytes. */
function rises(fs: FakeKernelFs, path: string, bytes: number): void {
  fs.group(path).values.set('memory.max_usage_in_bytes', String(bytes));
}

describe('on v2 a kill that the own limit did not cause', () => {
  test('is that of the group above whose limit could not be kept, which is named with its limit', () => {
    const { fs, group, parent } = v2();
    fs.write(`${parent}/memory.max`, String(256 * MiB));
    const verdict = during(fs, group, () => {
      fs.oomKill(group.path, parent);
    });
    assert.deepEqual([verdict.oomKilled, verdict.cause, verdict.ancestor?.path], [true, 'ancestor', parent]);
    const groups = new AcquiredGroups(fs, [group]);
    assert.deepEqual(groups.ancestor(verdict.ancestor ?? assert.fail()), {
      group: '/apps',
      path: parent,
      limit: 256 * MiB,
    });
    fs.write(`${parent}/memory.max`, 'max');
    assert.equal(groups.ancestor(verdict.ancestor ?? assert.fail()).limit, null);
  });

  test('is that of the nearest of several', () => {
    const { fs, group, parent, thuban } = v2();
    const verdict = during(fs, group, () => {
      fs.oomKill(parent, parent); // a victim of its own
      fs.oomKill(group.path, thuban);
    });
    assert.equal(verdict.ancestor?.path, thuban);
  });

  test('is the board’s when no limit above was reached', () => {
    const { fs, group, parent } = v2();
    fs.oomKill(parent, parent); // before it was started
    const verdict = during(fs, group, () => {
      fs.oomKill(group.path, '/sys/fs/cgroup');
    });
    assert.deepEqual([verdict.cause, verdict.ancestor], ['system', undefined]);
  });

  test('is not told from the board’s where groups above cannot be seen, or do not tell', () => {
    const { fs, group, parent } = v2();
    const outside = (): void => {
      fs.oomKill(group.path, '/sys/fs/cgroup');
    };
    // The top of a mount in a cgroup namespace, or of a bind mount, is no root.
    const stat = fs.stat.bind(fs);
    fs.stat = (path) =>
      path === '/sys/fs/cgroup/cgroup.type' ? { directory: false, id: '0', children: 0 } : stat(path);
    assert.equal(readAbove(fs, group).whole, false);
    assert.equal(during(fs, group, outside).cause, 'ancestor_or_system');
    fs.stat = stat;
    // Before 5.2 there is no memory.events.local.
    fs.faults.push({ op: 'read', path: `${parent}/memory.events.local`, errno: 'ENOENT' });
    assert.equal(during(fs, group, outside).cause, 'ancestor_or_system');
  });

  test('is its own when that was reached as well', () => {
    const { fs, group, parent } = v2();
    const verdict = during(fs, group, () => {
      fs.oomKill(parent, parent);
      fs.oomKill(group.path);
    });
    assert.deepEqual([verdict.cause, verdict.ancestor], ['own_limit', undefined]);
  });
});

describe('on v1 a kill that the own limit did not cause', () => {
  test('is that of the group above that came to its limit during the run', () => {
    const { fs, group, parent } = v1();
    fs.write(`${parent}/memory.limit_in_bytes`, String(64 * MiB));
    const verdict = during(fs, group, () => {
      rises(fs, parent, 64 * MiB - 4096);
      fs.oomKill(group.path);
    });
    assert.deepEqual([verdict.cause, verdict.ancestor?.group], ['ancestor', '/apps']);
    assert.equal(new AcquiredGroups(fs, [group]).ancestor(verdict.ancestor ?? assert.fail()).limit, 64 * MiB);
  });

  test('is that of one which had been at its limit before only when the kernel told of a limit', () => {
    const cause = (notified: boolean): OomVerdict['cause'] => {
      const { fs, group, parent } = v1();
      fs.write(`${parent}/memory.limit_in_bytes`, String(64 * MiB));
      rises(fs, parent, 64 * MiB);
      const happens = (): void => {
        fs.oomKill(group.path);
      };
      return during(fs, group, happens, notified).cause;
    };
    assert.equal(cause(true), 'ancestor');
    assert.equal(cause(false), 'ancestor_or_system');
  });

  test('is the board’s when no group above came to its limit, and the kernel told of none', () => {
    const { fs, group, parent } = v1();
    fs.write(`${parent}/memory.limit_in_bytes`, String(64 * MiB));
    const happens = (): void => {
      rises(fs, parent, 32 * MiB);
      fs.oomKill(group.path);
    };
    assert.equal(during(fs, group, happens).cause, 'system');
    assert.equal(during(fs, group, happens, true).cause, 'ancestor_or_system');
  });
});

test('events of memory that killed nothing are counted, and are no out-of-memory', () => {
  const { fs, group } = v2();
  const read = fs.read.bind(fs);
  const events = 'low 1\nhigh 2\nmax 3\noom 0\noom_kill 0\n';
  fs.read = (file) => (file === `${group.path}/memory.events` ? events : read(file));
  assert.deepEqual(readMemoryEvents(fs, group), { low: 1, high: 2, max: 3, oom: 0, oom_kill: 0, oom_group_kill: null });
  const groups = new AcquiredGroups(fs, [group]);
  const seen: unknown[] = [];
  const watch = groups.watchOom((counters) => seen.push(counters));
  fs.oomKill(group.path); // the kernel notifies, and what it counts above stays as it is
  assert.deepEqual(seen, []);
  watch?.close();
  const counters = groups.oomCounters();
  assert.deepEqual(classifyOom({ version: 2, before: counters, after: counters, exit: KILL }), {
    oomKilled: false,
    cause: null,
    kills: 0,
  });
});

test('v1 counts kills only, and a group that is gone has no events', () => {
  const { fs, group } = v1();
  fs.oomKill(group.path);
  assert.deepEqual(readMemoryEvents(fs, group), {
    low: null,
    high: null,
    max: null,
    oom: null,
    oom_kill: 1,
    oom_group_kill: null,
  });
  fs.rmdir(group.path);
  assert.equal(readMemoryEvents(fs, group), null);
  const { fs: other, group: gone } = v2();
  other.rmdir(gone.path);
  assert.equal(readMemoryEvents(other, gone), null);
});
