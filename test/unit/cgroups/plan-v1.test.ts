import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources } from '../../../src/cgroups/index.ts';
import { planned } from './requests.ts';

const MIB = 1024 * 1024;

/** Every knob of v1: resources, and the writes in order. */
const ROWS: [string, Resources, [string, string][]][] = [
  ['nothing', {}, []],
  ['a monitor alone', { memory: { oom_monitor: true } }, []],
  ['a hard limit', { memory: { memory_hard_limit: 64 * MIB } }, [['memory.limit_in_bytes', '67108864']]],
  [
    'a hard limit and swap',
    { memory: { memory_hard_limit: 64 * MIB, memory_swap_limit: 96 * MIB } },
    [
      ['memory.limit_in_bytes', '67108864'],
      ['memory.memsw.limit_in_bytes', '100663296'],
    ],
  ],
  [
    'no limit at all',
    { memory: { memory_hard_limit: -1 } },
    [
      ['memory.memsw.limit_in_bytes', '-1'],
      ['memory.limit_in_bytes', '-1'],
    ],
  ],
  ['a soft limit', { memory: { memory_soft_limit: MIB } }, [['memory.soft_limit_in_bytes', '1048576']]],
  ['kernel memory', { memory: { kernel_memory_limit: MIB } }, [['memory.kmem.limit_in_bytes', '1048576']]],
  ['TCP memory', { memory: { kernel_tcp_memory_limit: MIB } }, [['memory.kmem.tcp.limit_in_bytes', '1048576']]],
  ['swappiness', { memory: { swappiness: 5 } }, [['memory.swappiness', '5']]],
  ['a disabled killer', { memory: { oom_kill_disable: true } }, [['memory.oom_control', '1']]],
  [
    'an enabled killer, since a group inherits it',
    { memory: { oom_kill_disable: false } },
    [['memory.oom_control', '0']],
  ],
  ['shares', { cpu: { shares: 333 } }, [['cpu.shares', '333']]],
  [
    'quota, period and burst in the order of a fresh group',
    { cpu: { burst: 5000, quota: 50_000, period: 200_000 } },
    [
      ['cpu.cfs_period_us', '200000'],
      ['cpu.cfs_quota_us', '50000'],
      ['cpu.cfs_burst_us', '5000'],
    ],
  ],
  ['any negative quota as none', { cpu: { quota: -7 } }, [['cpu.cfs_quota_us', '-1']]],
  ['an idle group', { cpu: { idle: 1 } }, [['cpu.idle', '1']]],
  [
    'real time',
    { cpu: { realtime_period: 100_000, realtime_runtime: 5000 } },
    [
      ['cpu.rt_period_us', '100000'],
      ['cpu.rt_runtime_us', '5000'],
    ],
  ],
  [
    'both cpuset files when one is asked for',
    { cpu: { mems: '0' } },
    [
      ['cpuset.cpus', '<parent>'],
      ['cpuset.mems', '0'],
    ],
  ],
  [
    'an empty cpu section as groups without limits',
    { cpu: {} },
    [
      ['cpuset.cpus', '<parent>'],
      ['cpuset.mems', '<parent>'],
    ],
  ],
  [
    'a weight and its alternative',
    { blkio: { weight: 200 } },
    [
      ['blkio.weight', '200'],
      ['blkio.bfq.weight', '200'],
    ],
  ],
  ['a leaf weight', { blkio: { leaf_weight: 200 } }, [['blkio.leaf_weight', '200']]],
  [
    'weights of a device',
    { blkio: { weight_device: [{ major: 8, minor: 0, weight: 20, leaf_weight: 30 }] } },
    [
      ['blkio.weight_device', '8:0 20'],
      ['blkio.bfq.weight_device', '8:0 20'],
      ['blkio.leaf_weight_device', '8:0 30'],
    ],
  ],
  [
    'rates, one write for each device',
    {
      blkio: {
        throttle_read_bps_device: [
          { major: 8, minor: 0, rate: 1 },
          { major: 8, minor: 16, rate: 0 },
        ],
        throttle_write_iops_device: [{ major: 8, minor: 0, rate: 2 ** 40 }],
      },
    },
    [
      ['blkio.throttle.read_bps_device', '8:0 1'],
      ['blkio.throttle.read_bps_device', '8:16 0'],
      // 2^40 operations would be cut to 0, that is no limit, by the kernel itself.
      ['blkio.throttle.write_iops_device', '8:0 4294967295'],
    ],
  ],
  ['a limit of threads', { pids: { limit: 9 } }, [['pids.max', '9']]],
  ['no thread but the first', { pids: { limit: 0 } }, [['pids.max', '1']]],
  ['any number of threads', { pids: { limit: -1 } }, [['pids.max', 'max']]],
  [
    'huge pages with reservations',
    { hugetlb: [{ page_size: '64KB', limit: -1 }] },
    [
      ['hugetlb.64KB.limit_in_bytes', '-1'],
      ['hugetlb.64KB.rsvd.limit_in_bytes', '-1'],
    ],
  ],
  ['RDMA', { rdma: { mlx4_0: { hca_objects: 2 } } }, [['rdma.max', 'mlx4_0 hca_object=2']]],
  [
    'the network class and priorities',
    { network: { class_id: 0x10_0001, priorities: [{ name: 'eth0', priority: 3 }] } },
    [
      ['net_cls.classid', '1048577'],
      ['net_prio.ifpriomap', 'eth0 3'],
    ],
  ],
];

for (const [what, resources, writes] of ROWS) {
  test(`v1 writes ${what}`, () => {
    assert.deepEqual(planned('v1', resources), writes);
  });
}
