import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyOom } from '../../../src/cgroups/index.ts';
import { ended, inside, skipUnless, withGroups } from './board.ts';

const LIMIT = 16 * 1024 * 1024;
const skip = skipUnless('memory');

test('a real out-of-memory kill raises the counter and is told from other ends', { skip }, async () => {
  await withGroups({ memory: { memory_hard_limit: LIMIT, memory_swap_limit: LIMIT } }, async (groups) => {
    const before = groups.oomCounters();
    assert.deepEqual(before, { oom: null, oom_kill: 0, at_limit: false });
    const exit = await ended(inside(groups, 'exec tail /dev/zero'));
    const after = groups.oomCounters();
    assert.deepEqual(exit, { signal: 'SIGKILL' });
    assert.deepEqual(classifyOom({ version: 1, before, after, exit }), {
      oomKilled: true,
      cause: 'own_limit',
      kills: 1,
    });
    const usage = groups.memoryUsage();
    assert.equal(usage?.limit, LIMIT);
    assert.ok((usage.peak ?? 0) > LIMIT / 2);
    assert.ok((groups.cpuUsage()?.usage_us ?? 0) > 0);
  });
});

test('a child that is killed for want of memory does not make the exit an out-of-memory kill', { skip }, async () => {
  await withGroups({ memory: { memory_hard_limit: LIMIT, memory_swap_limit: LIMIT } }, async (groups) => {
    const before = groups.oomCounters();
    const exit = await ended(inside(groups, 'tail /dev/zero; exit 3'));
    assert.deepEqual(exit, { code: 3 });
    assert.deepEqual(classifyOom({ version: 1, before, after: groups.oomCounters(), exit }), {
      oomKilled: false,
      cause: 'own_limit',
      kills: 1,
    });
  });
});

test('a kill from outside is no out-of-memory kill', { skip }, async () => {
  await withGroups({ memory: { memory_hard_limit: LIMIT } }, async (groups) => {
    const before = groups.oomCounters();
    const shell = inside(groups, 'kill -9 $$');
    const exit = await ended(shell);
    assert.deepEqual(exit, { signal: 'SIGKILL' });
    assert.deepEqual(classifyOom({ version: 1, before, after: groups.oomCounters(), exit }), {
      oomKilled: false,
      cause: null,
      kills: 0,
    });
  });
});
