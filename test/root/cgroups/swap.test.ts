import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Resources } from '../../../src/cgroups/index.ts';
import { content, ended, inside, request, skipUnless, version, withGroups } from './board.ts';

const MiB = 1024 * 1024;
const hasSwap = readFileSync('/proc/swaps', 'utf8').trim().split('\n').length > 1;
const skip =
  skipUnless(version, 'memory') || (!hasSwap && 'this machine has no swap: npm run test:vm -- --swap --only cgroups/');
const machine = { ...request({}).machine, swap: true };

/** Whether `tail` can hold so much memory at once: it cannot know where the last bytes begin before it has seen all. */
const HELD = { code: 7 };
function hold(mebibytes: number): string {
  const bytes = mebibytes * MiB;
  return `[ "$(head -c ${bytes} /dev/zero | tail -c ${bytes} | wc -c)" = ${bytes} ] && exit 7; exit 9`;
}

async function exitOf(
  memory: NonNullable<Resources['memory']>,
  mebibytes: number,
): Promise<{ code?: number; signal?: string }> {
  let exit = {};
  await withGroups(
    { memory },
    async (groups) => {
      exit = await ended(inside(groups, hold(mebibytes)));
    },
    { machine },
  );
  return exit;
}

// What is asked for is above the memory and below or above memory and swap together.
test('memory beyond the limit goes to swap as far as the swap limit allows', { skip, timeout: 300_000 }, async () => {
  const limits = { memory_hard_limit: 24 * MiB, memory_swap_limit: 88 * MiB };
  assert.deepEqual(await exitOf(limits, 48), HELD);
  assert.notDeepEqual(await exitOf(limits, 160), HELD);
});

test('a swap limit of the memory limit itself forbids swapping', { skip, timeout: 300_000 }, async () => {
  assert.notDeepEqual(await exitOf({ memory_hard_limit: 24 * MiB, memory_swap_limit: 24 * MiB }, 48), HELD);
});

test('without a swap limit the kernel swaps, which the plan warns of', { skip, timeout: 300_000 }, async () => {
  await withGroups(
    { memory: { memory_hard_limit: 24 * MiB } },
    async (groups, plan) => {
      assert.deepEqual(
        plan.warnings.map(({ code }) => code),
        ['TH1311'],
      );
      assert.deepEqual(await ended(inside(groups, hold(48))), HELD);
      const file = version === 1 ? 'memory.memsw.max_usage_in_bytes' : 'memory.swap.max';
      assert.ok(version === 2 ? content(groups, file) === 'max' : Number(content(groups, file)) > 24 * MiB);
    },
    { machine },
  );
});
