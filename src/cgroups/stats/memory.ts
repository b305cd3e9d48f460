import type { Counter, MemoryEvents, MemoryStats } from './types.ts';
import {
  counter,
  isNoLimit,
  less,
  othersOf,
  readCounter,
  readInteger,
  readKeyed,
  readLimit,
  type Read,
} from './values.ts';

/** `kills`: how many tasks of the group and below were killed for want of memory, which v1 counts in each group for itself. */
export function memoryV1(read: Read, kills: Counter): MemoryStats {
  const usage = readInteger(read('memory.usage_in_bytes'));
  const limit = read('memory.limit_in_bytes');
  const stat = readKeyed(read('memory.stat'));
  // The plain keys are of the group alone; a kernel without hierarchies has only these.
  const tree = (key: string): number | bigint | undefined => stat.get(`total_${key}`) ?? stat.get(key);
  return {
    usage: counter(usage),
    peak: readCounter(read('memory.max_usage_in_bytes')),
    working_set: usage === undefined ? null : less(usage, tree('inactive_file') ?? 0),
    ...readLimit(limit),
    anon: counter(tree('rss')),
    file: counter(tree('cache')),
    kernel: readCounter(read('memory.kmem.usage_in_bytes')),
    swap: swapV1(read, usage, limit),
    events: killsOnly(kills),
  };
}

/** v1 counts memory and swap together; swap is what is left of that. */
function swapV1(read: Read, usage: bigint | undefined, limitText: string | undefined): MemoryStats['swap'] {
  const together = readInteger(read('memory.memsw.usage_in_bytes'));
  if (together === undefined) return null;
  const most = readInteger(read('memory.memsw.limit_in_bytes'));
  const limit = readInteger(limitText);
  const unlimited = most !== undefined && isNoLimit(most);
  return {
    usage: less(together, usage),
    // The highest use of both together says nothing of that of one.
    peak: null,
    ...(unlimited ? { limit: null, unlimited: true } : { limit: less(most, limit) }),
  };
}

export function memoryV2(read: Read): MemoryStats {
  const usage = readInteger(read('memory.current'));
  const stat = readKeyed(read('memory.stat'));
  const swap = readInteger(read('memory.swap.current'));
  return {
    usage: counter(usage),
    peak: readCounter(read('memory.peak')),
    working_set: usage === undefined ? null : less(usage, stat.get('inactive_file') ?? 0),
    ...readLimit(read('memory.max')),
    anon: counter(stat.get('anon')),
    file: counter(stat.get('file')),
    kernel: counter(stat.get('kernel')),
    swap:
      swap === undefined
        ? null
        : {
            usage: counter(swap),
            peak: readCounter(read('memory.swap.peak')),
            ...readLimit(read('memory.swap.max')),
          },
    events: memoryEvents(read('memory.events')),
  };
}

/** v1: memory.failcnt would be `max`, but recent kernels (seen on 6.18) do not count there any more. */
export function killsOnly(kills: Counter): MemoryEvents {
  return { low: null, high: null, max: null, oom: null, oom_kill: kills, oom_group_kill: null };
}

const EVENTS = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'] as const;

export function memoryEvents(text: string | undefined): MemoryEvents {
  const values = readKeyed(text);
  const others = othersOf(values, EVENTS);
  const known = Object.fromEntries(EVENTS.map((key) => [key, counter(values.get(key))]));
  return { ...(known as Record<(typeof EVENTS)[number], Counter>), ...(others === undefined ? {} : { others }) };
}
