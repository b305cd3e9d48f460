import { refuse } from './errno.ts';
import type { FakeGroup } from './group.ts';
import { decimal, memparse, type Controller, type Knob } from './rules.ts';

/** LONG_MAX rounded down to a page: how mm/memcontrol-v1.c prints "no limit". */
const NONE = 9_223_372_036_854_771_712n;

function size(text: string, group: FakeGroup): bigint {
  if (text.trim() === '-1') return NONE;
  const bytes = memparse(text) ?? refuse('EINVAL');
  const page = BigInt(group.machine.pageSize);
  return bytes >= NONE ? NONE : (bytes / page) * page;
}

function limit(check: (value: bigint, group: FakeGroup) => void): Knob {
  return {
    initial: String(NONE),
    write: (text, group) => {
      if (group.root) refuse('EINVAL');
      const value = size(text, group);
      check(value, group);
      return String(value);
    },
  };
}

/** mm/memcontrol-v1.c, Linux 6.18. */
export const v1Memory: Controller = {
  'memory.limit_in_bytes': limit((value, group) => {
    if (value > BigInt(group.get('memory.memsw.limit_in_bytes') || NONE)) refuse('EINVAL');
    if (value < BigInt(group.usage) && !group.reclaim(group.usage - Number(value))) refuse('EBUSY');
  }),
  'memory.memsw.limit_in_bytes': limit((value, group) => {
    if (value < BigInt(group.get('memory.limit_in_bytes'))) refuse('EINVAL');
  }),
  'memory.soft_limit_in_bytes': limit(() => undefined),
  // Parsed, then ignored.
  'memory.kmem.limit_in_bytes': { initial: String(NONE), write: (text, group) => (size(text, group), undefined) },
  'memory.kmem.tcp.limit_in_bytes': limit(() => undefined),
  'memory.swappiness': {
    initial: '60',
    write: (text) => {
      const value = decimal(text) ?? refuse('EINVAL');
      return value < 0n || value > 200n ? refuse('EINVAL') : String(value);
    },
  },
  'memory.use_hierarchy': { initial: '1', write: (text) => (text.trim() === '1' ? '1' : refuse('EINVAL')) },
  'memory.oom_control': {
    initial: (group) => group.parent?.get('memory.oom_control') ?? '0',
    write: (text, group) => (group.root || !/^[01]$/.test(text.trim()) ? refuse('EINVAL') : text.trim()),
    read: (group) =>
      `oom_kill_disable ${group.get('memory.oom_control')}\nunder_oom 0\noom_kill ${group.get('.oom_kill') || '0'}`,
  },
  // A read is EINVAL as well: the file is there to be named in cgroup.event_control.
  'memory.pressure_level': { initial: '', read: () => refuse('EINVAL') },
  'memory.usage_in_bytes': { initial: '0', read: (group) => String(group.usage) },
  'memory.max_usage_in_bytes': { initial: '0', write: () => '0' },
  'memory.failcnt': { initial: '0', write: () => '0' },
};
