import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyOom, type AcquiredGroups, type OomCounters, type Resources } from '../../../src/cgroups/index.ts';
import { until } from '../../support/processes.ts';
import { ended, inside, skipUnless, version, withGroups } from './board.ts';

const LIMIT = 16 * 1024 * 1024;
const skip = skipUnless(version, 'memory');

const limited = (more: Resources['memory'] = {}): Resources => ({
  memory: { memory_hard_limit: LIMIT, memory_swap_limit: LIMIT, ...more },
});

/** Of a group in which nothing has happened. v1 counts the kills only; its limit is seen from the peak. */
const FRESH: Record<1 | 2, OomCounters> = {
  1: { oom: null, oom_kill: 0 },
  2: { oom: 0, oom_kill: 0, oom_group_kill: 0 },
};

function before(groups: AcquiredGroups): OomCounters {
  const counters = groups.oomCounters();
  assert.deepEqual(counters, FRESH[version]);
  return FRESH[version];
}

test('a real out-of-memory kill raises the counter and is told from other ends', { skip }, async () => {
  await withGroups(limited(), async (groups) => {
    const first = before(groups);
    const exit = await ended(inside(groups, 'exec tail /dev/zero'));
    const after = groups.oomCounters();
    assert.deepEqual(exit, { signal: 'SIGKILL' });
    const { kills, ...verdict } = classifyOom({ version, before: first, after, exit });
    assert.deepEqual(verdict, { oomKilled: true, cause: 'own_limit' });
    // With memory.oom.group the kernel counts the first victim once more, as one of its group.
    assert.ok(kills === 1 || (version === 2 && kills === 2), String(kills));
    const usage = groups.memoryUsage();
    assert.equal(usage?.limit, LIMIT);
    assert.ok((usage.peak ?? 0) > LIMIT / 2);
    assert.ok((groups.cpuUsage()?.usage_us ?? 0) > 0);
  });
});

test('a child that is killed for want of memory does not make the exit an out-of-memory kill', { skip }, async () => {
  await withGroups(limited({ oom_group: false }), async (groups) => {
    const first = before(groups);
    const exit = await ended(inside(groups, 'tail /dev/zero; exit 3'));
    assert.deepEqual(exit, { code: 3 });
    assert.deepEqual(classifyOom({ version, before: first, after: groups.oomCounters(), exit }), {
      oomKilled: false,
      cause: 'own_limit',
      kills: 1,
    });
  });
});

test('a kill from outside is no out-of-memory kill', { skip }, async () => {
  await withGroups(limited(), async (groups) => {
    const first = before(groups);
    const shell = inside(groups, 'kill -9 $$');
    const exit = await ended(shell);
    assert.deepEqual(exit, { signal: 'SIGKILL' });
    assert.deepEqual(classifyOom({ version, before: first, after: groups.oomCounters(), exit }), {
      oomKilled: false,
      cause: null,
      kills: 0,
    });
  });
});

test('on v2 the kernel takes the whole group with its first victim', { skip: skipUnless(2, 'memory') }, async () => {
  await withGroups(limited(), async (groups) => {
    const shell = inside(groups, 'sleep 1000 & tail /dev/zero; exit 3');
    assert.deepEqual(await ended(shell), { signal: 'SIGKILL' });
    await until('nothing lives in the group', () => !groups.populated());
    assert.equal(groups.oomCounters()?.oom_group_kill, 1);
  });
});

test('on v2 the kernel says at once that it killed', { skip: skipUnless(2, 'memory') }, async () => {
  await withGroups(limited(), async (groups) => {
    const seen: OomCounters[] = [];
    const watch = groups.watchOom((counters) => seen.push(counters));
    try {
      await ended(inside(groups, 'exec tail /dev/zero'));
      await until('the change of memory.events is seen', () => (seen.at(-1)?.oom_kill ?? 0) > 0);
    } finally {
      watch?.close();
    }
  });
});

test(
  'on v2 what the group had to be slowed down for is counted, and told to nobody',
  { skip: skipUnless(2, 'memory') },
  async () => {
    const resources = { ...limited(), unified: { 'memory.high': String(LIMIT / 2) } };
    await withGroups(resources, async (groups) => {
      const first = before(groups);
      const seen: OomCounters[] = [];
      const watch = groups.watchOom((counters) => seen.push(counters));
      const exit = await ended(inside(groups, 'cat /usr/bin/* > /dev/null 2>&1; exit 0'));
      watch?.close();
      const events = groups.memoryEvents();
      assert.deepEqual(exit, { code: 0 });
      assert.ok(Number(events?.high) > 0, JSON.stringify(events));
      assert.deepEqual([events?.oom, events?.oom_kill, seen], [0, 0, []]);
      assert.equal(classifyOom({ version, before: first, after: groups.oomCounters(), exit }).oomKilled, false);
    });
  },
);
