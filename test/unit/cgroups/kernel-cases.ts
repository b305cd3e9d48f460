import assert from 'node:assert/strict';
import { errnoOf } from '../../../src/base/index.ts';
import type { KernelFs } from '../../../src/cgroups/index.ts';

/**
 * What the kernel answers to one write into a fresh group. The same table runs against the fake and, as root, against
 * the real kernel: that is what makes the fake a proof.
 */
export interface KernelCase {
  version: 1 | 2;
  file: string;
  write: string;
  /** Writes made before. */
  pre?: Record<string, string>;
  /** `ok` or the errno. */
  result: string;
  /** The file afterwards, without the final newline; left out where it cannot be read or depends on the machine. */
  after?: string;
}

const NONE = '9223372036854771712';

const rows: [1 | 2, string, string, string, (string | undefined)?, Record<string, string>?][] = [
  [1, 'memory.limit_in_bytes', '4095', 'ok', '0'],
  [1, 'memory.limit_in_bytes', '8193', 'ok', '8192'],
  [1, 'memory.limit_in_bytes', 'max', 'EINVAL', NONE],
  [1, 'memory.limit_in_bytes', '2G', 'ok', '2147483648'],
  [1, 'memory.limit_in_bytes', '-1', 'ok', NONE, { 'memory.limit_in_bytes': '1048576' }],
  [1, 'memory.memsw.limit_in_bytes', '4194304', 'EINVAL', NONE],
  [1, 'memory.memsw.limit_in_bytes', '8388608', 'ok', '8388608', { 'memory.limit_in_bytes': '4194304' }],
  [
    1,
    'memory.limit_in_bytes',
    '16777216',
    'EINVAL',
    '4194304',
    { 'memory.limit_in_bytes': '4194304', 'memory.memsw.limit_in_bytes': '8388608' },
  ],
  [1, 'memory.soft_limit_in_bytes', '1000000', 'ok', '999424'],
  [1, 'memory.swappiness', '0', 'ok', '0'],
  [1, 'memory.swappiness', '-1', 'EINVAL', '60'],
  [1, 'memory.oom_control', '1', 'ok', 'oom_kill_disable 1\nunder_oom 0\noom_kill 0'],
  [1, 'memory.oom_control', '2', 'EINVAL', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0'],
  [1, 'cpu.shares', '0', 'ok', '2'],
  [1, 'cpu.shares', '300000', 'ok', '262144'],
  [1, 'cpu.shares', '-1', 'EINVAL', '1024'],
  [1, 'cpu.shares', '512', 'EINVAL', '3', { 'cpu.idle': '1' }],
  [1, 'cpu.cfs_quota_us', '999', 'EINVAL', '-1'],
  [1, 'cpu.cfs_quota_us', '-5', 'ok', '-1', { 'cpu.cfs_quota_us': '50000' }],
  [1, 'cpu.cfs_period_us', '1000000', 'ok', '1000000'],
  [1, 'cpu.cfs_burst_us', '60000', 'EINVAL', '0', { 'cpu.cfs_quota_us': '50000' }],
  [1, 'cpu.cfs_burst_us', '50000', 'ok', '50000', { 'cpu.cfs_quota_us': '50000' }],
  [1, 'cpu.idle', '1', 'ok', '1'],
  [1, 'cpu.idle', '-1', 'EINVAL', '0'],
  [1, 'cpuset.cpus', '1-0', 'EINVAL', ''],
  [1, 'cpuset.cpus', '0 , 0', 'ok', '0'],
  [1, 'cpuset.cpus', '60000', 'ERANGE', ''],
  [1, 'cpuset.mems', '0', 'ok', '0'],
  [1, 'blkio.throttle.read_bps_device', '99:99 1', 'ENODEV', ''],
  [1, 'blkio.throttle.read_bps_device', 'x', 'EINVAL', ''],
  [1, 'pids.max', '-1', 'EINVAL', 'max'],
  [1, 'pids.max', '4194305', 'EINVAL', 'max'],
  [1, 'pids.max', 'max', 'ok', 'max', { 'pids.max': '7' }],
  [1, 'freezer.state', 'FREEZING', 'EINVAL', 'THAWED'],
  [1, 'freezer.state', 'FROZEN', 'ok', 'FROZEN'],
  [2, 'cgroup.procs', '', 'ok'],
  [2, 'cgroup.procs', 'x', 'EINVAL'],
  [2, 'cgroup.kill', '2', 'ERANGE'],
  [2, 'cgroup.kill', 'x', 'EINVAL'],
  [2, 'cgroup.kill', '1', 'ok'],
  [2, 'cgroup.freeze', '2', 'ERANGE', '0'],
  [2, 'cgroup.freeze', '1', 'ok', '1'],
  [2, 'cgroup.kill', '1', 'EOPNOTSUPP', undefined, { 'cgroup.type': 'threaded' }],
  [2, 'cgroup.type', 'threaded', 'ok', 'threaded'],
  [2, 'cgroup.type', 'domain', 'EINVAL', 'domain'],
  [2, 'cgroup.subtree_control', '+nonsense', 'EINVAL', ''],
  [2, 'cgroup.subtree_control', 'memory', 'EINVAL', ''],
  [2, 'memory.max', '4095', 'ok', '0'],
  [2, 'memory.max', '8193', 'ok', '8192'],
  [2, 'memory.max', '2G', 'ok', '2147483648'],
  [2, 'memory.max', '-1', 'EINVAL', 'max'],
  [2, 'memory.max', 'max', 'ok', 'max', { 'memory.max': '1048576' }],
  [2, 'memory.low', '1000000', 'ok', '999424'],
  [2, 'memory.swap.max', '0', 'ok', '0'],
  [2, 'memory.oom.group', '1', 'ok', '1'],
  [2, 'memory.oom.group', '2', 'EINVAL', '0'],
  [2, 'cpu.weight', '0', 'ERANGE', '100'],
  [2, 'cpu.weight', '10001', 'ERANGE', '100'],
  // The weight of an idle group is shown as 0, since 6.12 as 1.
  [2, 'cpu.weight', '500', 'EINVAL', undefined, { 'cpu.idle': '1' }],
  [2, 'cpu.idle', '2', 'EINVAL', '0'],
  [2, 'cpu.max', '50000', 'ok', '50000 100000'],
  [2, 'cpu.max', 'max 50000', 'ok', 'max 50000'],
  [2, 'cpu.max', '999', 'EINVAL', 'max 100000'],
  [2, 'cpu.max', '10000', 'EINVAL', '50000 100000', { 'cpu.max': '50000', 'cpu.max.burst': '20000' }],
  [2, 'cpu.max.burst', '60000', 'EINVAL', '0', { 'cpu.max': '50000' }],
  [2, 'pids.max', '-1', 'EINVAL', 'max'],
  [2, 'pids.max', '4194305', 'EINVAL', 'max'],
  [2, 'pids.max', 'max', 'ok', 'max', { 'pids.max': '7' }],
  [2, 'io.max', '99:99 rbps=1000', 'ENODEV', ''],
  [2, 'io.max', 'x', 'EINVAL', ''],
  [2, 'io.weight', 'default 200', 'ok', 'default 200'],
  [2, 'io.weight', '0', 'EINVAL', 'default 100'],
  [2, 'cpuset.cpus', '0 , 0', 'ok', '0'],
  [2, 'cpuset.cpus', '1-0', 'EINVAL', ''],
  [2, 'cpuset.cpus', '60000', 'ERANGE', ''],
  [2, 'cpuset.mems', '3', 'EINVAL', ''],
];

export const kernelCases: KernelCase[] = rows.map(([version, file, write, result, after, pre]) => ({
  version,
  file,
  write,
  result,
  ...(after === undefined ? {} : { after }),
  ...(pre === undefined ? {} : { pre }),
}));

/** Runs a case in a fresh group and compares answer and content. */
export function runKernelCase(
  fs: KernelFs,
  directory: string,
  { file, write, pre = {}, result, after }: KernelCase,
): void {
  for (const [name, value] of Object.entries(pre)) if (value !== '') fs.write(`${directory}/${name}`, value);
  let answer = 'ok';
  try {
    fs.write(`${directory}/${file}`, write);
  } catch (error) {
    answer = errnoOf(error) ?? String(error);
  }
  assert.equal(answer, result);
  if (after === undefined) return;
  assert.equal(fs.read(`${directory}/${file}`).trimEnd(), after);
}
