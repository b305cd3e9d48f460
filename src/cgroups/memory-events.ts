import type { KernelFs } from './kernel-fs.ts';
import { killsBelow } from './kills-below.ts';
import type { Group } from './plan-types.ts';
import { readIf } from './read.ts';
import { killsOnly, memoryEvents } from './stats/memory.ts';
import type { MemoryEvents } from './stats/types.ts';

/** v2: memory.events, one read. v1 counts kills only. null when the group is gone. */
export function readMemoryEvents(fs: KernelFs, group: Group): MemoryEvents | null {
  if (group.version === 1) {
    const kills = killsBelow(fs, group.path);
    return kills === undefined ? null : killsOnly(kills);
  }
  const text = readIf(fs, `${group.path}/memory.events`);
  return text === undefined ? null : memoryEvents(text);
}
