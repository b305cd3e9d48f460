import type { KernelFs } from './kernel-fs.ts';
import { flatKeyed, readIf, subtree } from './read.ts';
import type { Counter } from './stats/types.ts';
import { counter } from './stats/values.ts';

/**
 * v1: `oom_kill` of memory.oom_control (4.13) counts only the group that the victim lived in, so the subtree is summed up. null: the kernel does
 * not tell. Undefined: the group is gone.
 */
export function killsBelow(fs: KernelFs, path: string): Counter | undefined {
  let kills: bigint | undefined;
  let found = false;
  for (const group of subtree(fs, path)) {
    const text = readIf(fs, `${group}/memory.oom_control`);
    if (text === undefined) continue;
    found = true;
    const count = flatKeyed(text).get('oom_kill');
    if (count !== undefined) kills = (kills ?? 0n) + BigInt(count);
  }
  return found ? counter(kills) : undefined;
}
