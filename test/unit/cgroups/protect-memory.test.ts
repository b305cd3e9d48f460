import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planProtection, type FakeKernelFs, type MemoryProtection } from '../../../src/cgroups/index.ts';
import { v2Board, v2Mount } from './fake-boards.ts';

const TOP = '/sys/fs/cgroup';
const MiB = 1024 ** 2;
const ALL = v2Mount.controllers.map((name) => `+${name}`).join(' ');

/** `/a/b/thuban-supervisor`, with a memory controller all the way down. */
function board(): FakeKernelFs {
  const fs = v2Board();
  for (const [above, name] of [
    [TOP, 'a'],
    [`${TOP}/a`, 'b'],
    [`${TOP}/a/b`, 'thuban-supervisor'],
  ]) {
    fs.write(`${above ?? ''}/cgroup.subtree_control`, ALL);
    fs.mkdir(`${above ?? ''}/${name ?? ''}`);
  }
  return fs;
}

function protect(fs: FakeKernelFs, delegated: string): MemoryProtection {
  return planProtection(fs, { mountpoint: TOP, leaf: `${TOP}/a/b/thuban-supervisor`, delegated, bytes: 64 * MiB });
}

test('below the true root everything down to the leaf is ours to write', () => {
  assert.deepEqual(protect(board(), TOP), {
    writes: ['/a', '/a/b', '/a/b/thuban-supervisor'].map((path) => ({ path: TOP + path, before: '0' })),
    lower: [],
    whole: true,
  });
});

test('a delegated group and those above it are told of, never written', () => {
  const fs = board();
  fs.write(`${TOP}/a/memory.min`, String(16 * MiB));
  const found = protect(fs, `${TOP}/a/b`);
  assert.deepEqual(found.writes, [{ path: `${TOP}/a/b/thuban-supervisor`, before: '0' }]);
  assert.deepEqual(found.lower, [
    { path: `${TOP}/a`, bytes: 16 * MiB },
    { path: `${TOP}/a/b`, bytes: 0 },
  ]);
});

test('a group between that has more, or no bound, is left as it is', () => {
  const fs = board();
  fs.write(`${TOP}/a/memory.min`, 'max');
  fs.write(`${TOP}/a/b/memory.min`, String(128 * MiB));
  const found = protect(fs, TOP);
  assert.deepEqual(found.writes, [{ path: `${TOP}/a/b/thuban-supervisor`, before: '0' }]);
  assert.deepEqual(found.lower, []);
});

test('the leaf is lowered too, and not written when it has the value', () => {
  const fs = board();
  for (const path of ['a', 'a/b', 'a/b/thuban-supervisor'])
    fs.write(`${TOP}/${path}/memory.min`, String(path.length > 3 ? 128 * MiB : 64 * MiB));
  assert.deepEqual(protect(fs, TOP).writes, [{ path: `${TOP}/a/b/thuban-supervisor`, before: String(128 * MiB) }]);
  fs.write(`${TOP}/a/b/thuban-supervisor/memory.min`, String(64 * MiB));
  assert.deepEqual(protect(fs, TOP).writes, []);
});

test('a group whose name only begins like the delegated one is not below it', () => {
  const fs = board();
  assert.deepEqual(
    protect(fs, `${TOP}/a/b/thuban`).writes,
    [],
    'thuban-supervisor does not lie in thuban, so that nothing is ours',
  );
});
