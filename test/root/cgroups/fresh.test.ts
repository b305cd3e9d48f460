import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import {
  acquireGroups,
  applyUpdate,
  planCgroups,
  planUpdate,
  type CgroupPlan,
  type Resources,
} from '../../../src/cgroups/index.ts';
import { content, disk, fs, onBoard, request, skipUnless, version } from './board.ts';

interface Row {
  file: string;
  value: string;
  /** What must stand in another file before. */
  also?: Record<string, string>;
  /** The only value that the kernel takes is that of a new group, or it takes any without effect. */
  same?: true;
  /** Nothing of it stays in the group. */
  action?: true;
}

/** `DISK` is a disk of this machine. dmem and rdma need hardware that neither this machine nor an emulated one has. */
const ROWS: Record<1 | 2, Row[]> = {
  1: [
    { file: 'memory.limit_in_bytes', value: '67108864' },
    { file: 'memory.soft_limit_in_bytes', value: '67108864' },
    { file: 'memory.memsw.limit_in_bytes', value: '67108864', also: { 'memory.limit_in_bytes': '67108864' } },
    { file: 'memory.kmem.limit_in_bytes', value: '67108864', same: true },
    { file: 'memory.kmem.tcp.limit_in_bytes', value: '67108864' },
    { file: 'memory.swappiness', value: '10' },
    { file: 'memory.oom_control', value: '1' },
    { file: 'memory.use_hierarchy', value: '1', same: true },
    { file: 'memory.move_charge_at_immigrate', value: '0', same: true },
    { file: 'memory.max_usage_in_bytes', value: '0', action: true },
    { file: 'memory.memsw.max_usage_in_bytes', value: '0', action: true },
    { file: 'memory.failcnt', value: '0', action: true },
    { file: 'memory.kmem.tcp.failcnt', value: '0', action: true },
    { file: 'memory.force_empty', value: '0', action: true },
    { file: 'cpu.shares', value: '512' },
    { file: 'cpu.cfs_quota_us', value: '50000' },
    { file: 'cpu.cfs_period_us', value: '50000' },
    { file: 'cpu.cfs_burst_us', value: '1000', also: { 'cpu.cfs_quota_us': '50000' } },
    { file: 'cpu.idle', value: '1' },
    { file: 'cpu.rt_period_us', value: '500000' },
    { file: 'cpu.rt_runtime_us', value: '0', same: true },
    { file: 'cpu.uclamp.min', value: '10.00' },
    { file: 'cpu.uclamp.max', value: '50.00' },
    { file: 'blkio.bfq.weight', value: '200' },
    { file: 'blkio.prio.class', value: 'idle' },
    { file: 'blkio.throttle.read_bps_device', value: 'DISK 1000000' },
    { file: 'blkio.throttle.write_bps_device', value: 'DISK 1000000' },
    { file: 'blkio.throttle.read_iops_device', value: 'DISK 1000' },
    { file: 'blkio.throttle.write_iops_device', value: 'DISK 1000' },
    { file: 'blkio.reset_stats', value: '1', action: true },
  ],
  2: [
    { file: 'memory.max', value: '67108864' },
    { file: 'memory.high', value: '67108864' },
    { file: 'memory.low', value: '1048576' },
    { file: 'memory.min', value: '1048576' },
    { file: 'memory.swap.max', value: '0' },
    { file: 'memory.swap.high', value: '0' },
    { file: 'memory.zswap.max', value: '0' },
    { file: 'memory.zswap.writeback', value: '0' },
    { file: 'memory.oom.group', value: '1' },
    { file: 'memory.peak', value: 'reset', action: true },
    { file: 'memory.swap.peak', value: 'reset', action: true },
    { file: 'memory.pressure', value: 'some 200000 2000000', action: true },
    { file: 'cpu.weight', value: '50' },
    { file: 'cpu.weight.nice', value: '5' },
    { file: 'cpu.max', value: '5000 20000' },
    { file: 'cpu.max.burst', value: '1000', also: { 'cpu.max': '50000 100000' } },
    { file: 'cpu.idle', value: '1' },
    { file: 'cpu.uclamp.min', value: '10.00' },
    { file: 'cpu.uclamp.max', value: '50.00' },
    { file: 'cpu.pressure', value: 'some 200000 2000000', action: true },
    { file: 'cpuset.cpus.partition', value: 'isolated' },
    { file: 'io.max', value: 'DISK rbps=1000000 wiops=100' },
    { file: 'io.latency', value: 'DISK target=1000' },
    { file: 'io.weight', value: '200' },
    { file: 'io.weight', value: 'DISK 200' },
    { file: 'io.bfq.weight', value: '200' },
    { file: 'io.prio.class', value: 'idle' },
    { file: 'pids.max', value: '9' },
    { file: 'hugetlb.2MB.max', value: '2097152' },
    { file: 'hugetlb.2MB.rsvd.max', value: '2097152' },
  ],
};

function raw(files: Record<string, string>): Resources {
  if (version === 2) return { unified: files };
  const [controller = ''] = Object.keys(files)[0]?.split('.') ?? [];
  return { [controller]: { attrs: files } };
}

/** Undefined: the plan says that the file is missing on this kernel. */
function planned(resources: Resources): CgroupPlan | undefined {
  try {
    return planCgroups(request(resources));
  } catch (error) {
    if (error instanceof ThubanError && error.code === 'TH2002') return undefined;
    throw error;
  }
}

for (const { file, value: text, also = {}, same = false, action = false } of ROWS[version]) {
  const [controller = ''] = file.split('.');
  test(`${file}, once written and not wanted any more, is as in a new group: ${text}`, { skip: skipUnless(version, controller) }, async (t) => {
    const { major, minor } = disk() ?? { major: 0, minor: 0 };
    const value = text.replace('DISK', `${major}:${minor}`);
    if (value !== text && major === 0) {
      t.skip('there is no disk');
      return;
    }
    await onBoard(async () => {
      const wanted = planned(raw({ ...also, [file]: value }));
      if (wanted === undefined) {
        t.skip(`this kernel has no ${file}`);
        return;
      }
      const isLimit = ({ op, file: of, strategy }: CgroupPlan['writes'][number]): boolean =>
        op === 'write' && of !== 'cgroup.subtree_control' && strategy !== 'inherit';
      const bare: CgroupPlan = { ...wanted, writes: wanted.writes.filter((write) => !isLimit(write)) };
      const groups = acquireGroups(fs, bare);
      try {
        const path = groups.groups.find(({ controllers }) => controllers.includes(controller))?.path ?? '';
        if (!fs.list(path).some(({ name }) => name === file)) {
          t.skip(`this kernel has no ${file}`);
          return;
        }
        if ((statSync(join(path, file)).mode & 0o200) === 0) {
          t.skip(`nothing can be written into ${file}`); // memory.peak before Linux 6.12
          return;
        }
        const shown = (): string => (action ? '' : content(groups, file));
        const fresh = shown();
        try {
          applyUpdate(fs, planUpdate(groups.groups, [bare], wanted));
        } catch (error) {
          if (!(error instanceof ThubanError) || error.details['errno'] !== 'EOPNOTSUPP') throw error;
          t.skip(`${file} is not in use for ${major}:${minor}`); // iocost and BFQ are turned on by disk
          return;
        }
        if (!same && !action) assert.notEqual(shown(), fresh);
        const back = planUpdate(groups.groups, [wanted], bare);
        assert.deepEqual(back.obstacles, []);
        if (action) assert.deepEqual(back.writes, []);
        applyUpdate(fs, back);
        assert.equal(shown(), fresh);
      } finally {
        assert.deepEqual(await groups.remove(), []);
      }
    });
  });
} // prettier-ignore
