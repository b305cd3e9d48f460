import { parseCpulist, formatCpulist } from '../cpulist.ts';
import { refuse } from './errno.ts';
import type { FakeGroup } from './group.ts';
import { pids, rdma, v2Hugetlb } from './v1-others.ts';
import { decimal, memparse, type Controller, type Knob } from './rules.ts';

function size(initial: string, file?: (value: bigint, group: FakeGroup) => void): Knob {
  return {
    initial,
    notInRoot: true,
    write: (text, group) => {
      if (text.trim() === 'max') return 'max';
      const page = BigInt(group.machine.pageSize);
      const value = ((memparse(text) ?? refuse('EINVAL')) / page) * page;
      file?.(value, group);
      return String(value);
    },
  };
}

function within(initial: string, min: bigint, max: bigint, errno: string): Knob {
  return {
    initial,
    notInRoot: true,
    write: (text) => {
      const value = decimal(text) ?? refuse('EINVAL');
      return value < min || value > max ? refuse(errno) : String(value);
    },
  };
}

/** kernel/sched/psi.c: 0.5 s to 10 s before 6.4; without CAP_SYS_RESOURCE only windows in multiples of 2 s. */
const pressure: Knob = {
  initial: 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0',
  always: true,
  write: (text, group) => {
    const match = /^(some|full) (\d+) (\d+)$/.exec(text.trim()) ?? refuse('EINVAL');
    const [stall, window] = [Number(match[2]), Number(match[3])];
    if (window > 10_000_000 || stall === 0 || stall > window) refuse('EINVAL');
    if (!group.machine.privileged && window % 2_000_000 !== 0) refuse('EINVAL');
    return undefined;
  },
};

/** mm/memcontrol.c. Lowering memory.max below the use never fails: the kernel reclaims, then kills. */
const memory: Controller = {
  'memory.max': size('max'),
  'memory.high': size('max'),
  'memory.low': size('0'),
  'memory.min': size('0'),
  'memory.swap.max': size('max'),
  'memory.oom.group': {
    initial: '0',
    notInRoot: true,
    write: (text) => (/^[01]$/.test(text.trim()) ? text.trim() : refuse('EINVAL')),
  },
  'memory.reclaim': {
    initial: '',
    notInRoot: true,
    read: () => refuse('EINVAL'),
    write: (text, group) => (group.reclaim(Number(memparse(text) ?? refuse('EINVAL'))) ? undefined : refuse('EAGAIN')),
  },
  'memory.current': { initial: '0', notInRoot: true, read: (group) => String(group.usage) },
  'memory.peak': { initial: '0', notInRoot: true },
  'memory.events': {
    initial: '',
    notInRoot: true,
    read: (group) => {
      const sum = (key: string): number =>
        [...group.walk()].reduce((total, each) => total + Number(each.get(key) || '0'), 0);
      return `low 0\nhigh 0\nmax 0\noom ${sum('.oom')}\noom_kill ${sum('.oom_kill')}\noom_group_kill 0`;
    },
  },
  'memory.events.local': {
    initial: '',
    notInRoot: true,
    read: (group) => {
      const count = (key: string): string => group.get(key) || '0';
      return `low 0\nhigh 0\nmax 0\noom ${count('.oom')}\noom_kill ${count('.oom_kill')}\noom_group_kill 0`;
    },
  },
  'memory.pressure': pressure,
};

const cpu: Controller = {
  'cpu.weight': {
    ...within('100', 1n, 10_000n, 'ERANGE'),
    write: (text, group) => {
      const value = decimal(text) ?? refuse('EINVAL');
      if (value < 1n || value > 10_000n) refuse('ERANGE');
      return group.get('cpu.idle') === '1' ? refuse('EINVAL') : String(value);
    },
    read: (group) => (group.get('cpu.idle') === '1' ? '0' : group.get('cpu.weight')),
  },
  'cpu.idle': {
    initial: '0',
    notInRoot: true,
    write: (text, group) => {
      if (!/^[01]$/.test(text.trim())) refuse('EINVAL');
      // sched_group_set_idle: the weight of before is forgotten.
      if (group.get('cpu.idle') !== text.trim()) group.values.set('cpu.weight', '100');
      return text.trim();
    },
  },
  'cpu.max': {
    initial: 'max 100000',
    notInRoot: true,
    write: (text, group) => {
      const match = /^(max|\d+)(?: (\d+))?$/.exec(text.trim()) ?? refuse('EINVAL');
      const period = match[2] ?? group.get('cpu.max').split(' ')[1] ?? '100000';
      if (Number(period) < 1000 || Number(period) > 1_000_000) refuse('EINVAL');
      const quota = match[1] ?? 'max';
      if (quota !== 'max' && (Number(quota) < 1000 || Number(quota) < Number(group.get('cpu.max.burst'))))
        refuse('EINVAL');
      return `${quota} ${period}`;
    },
  },
  'cpu.max.burst': {
    initial: '0',
    notInRoot: true,
    write: (text, group) => {
      const value = decimal(text) ?? refuse('EINVAL');
      const quota = group.get('cpu.max').split(' ')[0];
      return value < 0n || (quota !== 'max' && value > BigInt(quota ?? 0)) ? refuse('EINVAL') : String(value);
    },
  },
  'cpu.stat': { initial: 'usage_usec 0\nuser_usec 0\nsystem_usec 0', always: true },
  'cpu.pressure': pressure,
};

/** block/blk-iocost.c and bfq-cgroup.c: a default and one line for each device. */
function weight(max: bigint): Knob {
  return {
    initial: 'default 100',
    notInRoot: true,
    write: (text, group) => {
      const match = /^(?:(default|\d+:\d+) )?(\d+)$/.exec(text.trim()) ?? refuse('EINVAL');
      const device = match[1] ?? 'default';
      const value = BigInt(match[2] ?? 0);
      if (value < 1n || value > max) refuse('EINVAL');
      if (device !== 'default' && !group.machine.disks.has(device)) refuse('ENODEV');
      const lines = group.get(max === 1000n ? 'io.bfq.weight' : 'io.weight').split('\n');
      const others = lines.filter((line) => !line.startsWith(`${device} `));
      return device === 'default'
        ? [`default ${value}`, ...others].join('\n')
        : [...others, `${device} ${value}`].join('\n');
    },
  };
}

const IO_KEYS = ['rbps', 'wbps', 'riops', 'wiops'] as const;

/** block/blk-throttle.c, tg_set_limit. */
const ioMax: Knob = {
  initial: '',
  notInRoot: true,
  write: (text, group) => {
    const [device = '', ...settings] = (text.split('\n')[0] ?? '').trim().split(' ');
    if (!/^\d+:\d+$/.test(device)) refuse('EINVAL');
    if (!group.machine.disks.has(device)) refuse('ENODEV');
    const lines = group
      .get('io.max')
      .split('\n')
      .filter((line) => line !== '');
    const old = lines.find((line) => line.startsWith(`${device} `));
    const values = new Map<string, string>(IO_KEYS.map((key) => [key, 'max']));
    for (const pair of [...(old?.split(' ').slice(1) ?? []), ...settings]) {
      const [key = '', value = ''] = pair.split('=');
      if (!values.has(key)) refuse('EINVAL');
      if (value !== 'max' && !/^\d+$/.test(value)) refuse('EINVAL');
      if (value === '0') refuse('ERANGE');
      if (value === '1') refuse('EINVAL');
      values.set(key, key.endsWith('iops') && value !== 'max' && BigInt(value) > 4_294_967_295n ? '4294967295' : value);
    }
    const others = lines.filter((line) => line !== old);
    const unlimited = [...values.values()].every((value) => value === 'max');
    return [
      ...others,
      ...(unlimited ? [] : [`${device} ${[...values].map(([key, value]) => `${key}=${value}`).join(' ')}`]),
    ].join('\n');
  },
};

/** v2 takes processors that the parent lacks and falls back to what it has: `.effective` tells. */
function cpuset(name: 'cpus' | 'mems', online: (group: FakeGroup) => number[], beyond: string): Controller {
  const effective = (group: FakeGroup | undefined): number[] => {
    if (group?.parent === undefined) return group === undefined ? [] : online(group);
    const above = effective(group.parent);
    const wanted = (parseCpulist(group.get(`cpuset.${name}`)) ?? []).filter((number) => above.includes(number));
    return wanted.length === 0 ? above : wanted;
  };
  return {
    [`cpuset.${name}`]: {
      initial: '',
      notInRoot: true,
      write: (text, group) => {
        const wanted = text.trim() === '' ? [] : (parseCpulist(text.trim()) ?? refuse('EINVAL'));
        if (wanted.length === 0 && group.get(`cpuset.${name}`) !== '' && group.populated()) refuse('ENOSPC');
        return wanted.some((number) => !online(group).includes(number)) ? refuse(beyond) : formatCpulist(wanted);
      },
    },
    [`cpuset.${name}.effective`]: { initial: '', read: (group) => formatCpulist(effective(group)) },
  };
}

export const v2Controllers: Record<string, Controller> = {
  memory,
  cpu,
  io: { 'io.weight': weight(10_000n), 'io.bfq.weight': weight(1000n), 'io.max': ioMax, 'io.pressure': pressure },
  pids,
  hugetlb: v2Hugetlb,
  rdma,
  cpuset: {
    ...cpuset('cpus', (group) => group.machine.cpus, 'ERANGE'),
    ...cpuset('mems', (group) => group.machine.nodes, 'EINVAL'),
  },
  misc: {},
};
