import { refuse } from './errno.ts';
import type { FakeGroup } from './group.ts';
import { decimal, memparse, type Controller, type Knob } from './rules.ts';

const UINT = 2n ** 32n;

/** block/blk-throttle.c: one device per write, the first line counts, operations are cut to 32 bits. */
function throttle(file: string, narrow: boolean): [string, Knob] {
  const write = (text: string, group: FakeGroup): string => {
    const match = /^(\d+:\d+) (\d+)\s*$/.exec(text.split('\n')[0] ?? '') ?? refuse('EINVAL');
    const device = match[1] ?? '';
    if (!group.machine.disks.has(device)) refuse('ENODEV');
    const number = BigInt(match[2] ?? 0);
    const rate = narrow ? number % UINT : number;
    const unlimited = rate === 0n || (narrow && rate === UINT - 1n);
    const others = group
      .get(file)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(`${device} `));
    return [...others, ...(unlimited ? [] : [`${device} ${rate}`])].join('\n');
  };
  return [file, { initial: '', write }];
}

const BFQ: Knob = {
  initial: '100',
  notInRoot: true,
  write: (text) => {
    const value = decimal(text) ?? refuse('EINVAL');
    return value < 1n || value > 1000n ? refuse('ERANGE') : String(value);
  },
};

export const v1Blkio: Controller = {
  ...Object.fromEntries([
    throttle('blkio.throttle.read_bps_device', false),
    throttle('blkio.throttle.write_bps_device', false),
    throttle('blkio.throttle.read_iops_device', true),
    throttle('blkio.throttle.write_iops_device', true),
  ]),
  'blkio.bfq.weight': BFQ,
};

/** kernel/cgroup/pids.c, the same on v1 and v2. */
export const pids: Controller = {
  'pids.max': {
    initial: 'max',
    notInRoot: true,
    write: (text) => {
      if (text.trim() === 'max') return 'max';
      const value = decimal(text) ?? refuse('EINVAL');
      return value < 0n || value > 4_194_304n ? refuse('EINVAL') : String(value);
    },
  },
  'pids.current': { initial: '0', notInRoot: true, read: (group) => String(group.living().length) },
};

export const v1Freezer: Controller = {
  'freezer.state': {
    initial: 'THAWED',
    notInRoot: true,
    write: (text, group) => {
      const state = text.trim();
      if (state !== 'FROZEN' && state !== 'THAWED') refuse('EINVAL');
      group.frozen = state === 'FROZEN';
      return state;
    },
    read: (group) => (!group.effectivelyFrozen ? 'THAWED' : group.atRest() ? 'FROZEN' : 'FREEZING'),
  },
  'freezer.self_freezing': { initial: '0', notInRoot: true, read: (group) => (group.frozen ? '1' : '0') },
  'freezer.parent_freezing': {
    initial: '0',
    notInRoot: true,
    read: (group) => (group.parent?.effectivelyFrozen === true ? '1' : '0'),
  },
};

function hugetlb(files: [string, string][]): Controller {
  return Object.fromEntries(
    files.map(([file, none]): [string, Knob] => [
      file,
      {
        initial: none,
        notInRoot: true,
        write: (text) => {
          if (text.trim() === (none === 'max' ? 'max' : '-1')) return none;
          const page = file.includes('.1GB.') ? 2n ** 30n : 2n ** 21n;
          const value = memparse(text) ?? refuse('EINVAL');
          return String((value / page) * page);
        },
      },
    ]),
  );
}

const V1_NONE = '9223372036854771712';
export const v1Hugetlb = hugetlb(
  ['2MB', '1GB'].flatMap((size): [string, string][] => [
    [`hugetlb.${size}.limit_in_bytes`, V1_NONE],
    [`hugetlb.${size}.rsvd.limit_in_bytes`, V1_NONE],
  ]),
);
export const v2Hugetlb = hugetlb(
  ['2MB', '1GB'].flatMap((size): [string, string][] => [
    [`hugetlb.${size}.max`, 'max'],
    [`hugetlb.${size}.rsvd.max`, 'max'],
  ]),
);

export const rdma: Controller = {
  'rdma.max': {
    initial: '',
    notInRoot: true,
    write: (text) => (/^\S+( hca_(handle|object)=(\d+|max))+$/.test(text.trim()) ? text.trim() : refuse('EINVAL')),
  },
};

export const v1NetCls: Controller = {
  'net_cls.classid': { initial: '0', write: (text) => String(decimal(text) ?? refuse('EINVAL')) },
};
export const v1NetPrio: Controller = {
  'net_prio.ifpriomap': {
    initial: 'lo 0',
    write: (text) => (/^lo \d+$/.test(text.trim()) ? text.trim() : refuse('ENODEV')),
  },
};
