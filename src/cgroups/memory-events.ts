import type { KernelFs } from './kernel-fs.ts';
import { readOomCounters } from './oom.ts';
import type { Group } from './plan-types.ts';
import { flatKeyed, readIf } from './read.ts';

/**
 * How often something happened to the memory of a group and of those below it, since it was made. null: this kernel or version does not
 * count it. Only `oom_kill` and `oom_group_kill` ended anything.
 */
export interface MemoryEvents {
  /** Reclaimed below `memory.low`, which was to protect it. */
  low: number | null;
  /** Slowed down and reclaimed above `memory.high`. */
  high: number | null;
  /** About to go over `memory.max`. */
  max: number | null;
  /** The limit could not be kept by reclaiming. */
  oom: number | null;
  oom_kill: number | null;
  /** Since 5.17. */
  oom_group_kill: number | null;
}

/** v2: memory.events, one read. v1 counts kills only (memory.failcnt is no longer kept: seen on 6.18). null when the group is gone. */
export function readMemoryEvents(fs: KernelFs, group: Group): MemoryEvents | null {
  if (group.version === 1) {
    const counters = readOomCounters(fs, group);
    if (counters === null) return null;
    return { low: null, high: null, max: null, oom: null, oom_kill: counters.oom_kill, oom_group_kill: null };
  }
  const text = readIf(fs, `${group.path}/memory.events`);
  if (text === undefined) return null;
  const events = flatKeyed(text);
  const count = (key: string): number | null => {
    const value = events.get(key);
    return value === undefined ? null : Number(value);
  };
  return {
    low: count('low'),
    high: count('high'),
    max: count('max'),
    oom: count('oom'),
    oom_kill: count('oom_kill'),
    oom_group_kill: count('oom_group_kill'),
  };
}
