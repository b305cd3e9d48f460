import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources } from '../../../src/cgroups/index.ts';
import { planned } from './requests.ts';

const MIB = 1024 * 1024;

/** Every knob of v2: resources, and the writes in order. */
const ROWS: [string, Resources, [string, string][]][] = [
  ['nothing', {}, []],
  [
    'a hard limit, after which the whole group dies together',
    { memory: { memory_hard_limit: 64 * MIB } },
    [
      ['memory.max', '67108864'],
      ['memory.oom.group', '1'],
    ],
  ],
  [
    'a hard limit without the group kill',
    { memory: { memory_hard_limit: 64 * MIB, oom_group: false } },
    [
      ['memory.max', '67108864'],
      ['memory.oom.group', '0'],
    ],
  ],
  [
    'swap alone, before the limit',
    { memory: { memory_hard_limit: 64 * MIB, memory_swap_limit: 96 * MIB, memory_soft_limit: MIB } },
    [
      ['memory.swap.max', '33554432'],
      ['memory.max', '67108864'],
      ['memory.low', '1048576'],
      ['memory.oom.group', '1'],
    ],
  ],
  [
    'no swap when both limits are equal',
    { memory: { memory_hard_limit: MIB, memory_swap_limit: MIB } },
    [
      ['memory.swap.max', '0'],
      ['memory.max', '1048576'],
      ['memory.oom.group', '1'],
    ],
  ],
  [
    'no limit at all',
    { memory: { memory_hard_limit: -1 } },
    [
      ['memory.swap.max', 'max'],
      ['memory.max', 'max'],
    ],
  ],
  [
    'nothing for what v2 does not have',
    { memory: { swappiness: 1, kernel_memory_limit: 1, kernel_tcp_memory_limit: 1 } },
    [],
  ],
  ['nothing for an enabled killer', { memory: { oom_kill_disable: false } }, []],
  ['shares as a weight', { cpu: { shares: 1024 } }, [['cpu.weight', '100']]],
  [
    'a quota with the default period',
    { cpu: { quota: 5000, burst: 10 } },
    [
      ['cpu.max', '5000 100000'],
      ['cpu.max.burst', '10'],
    ],
  ],
  ['a period alone', { cpu: { period: 5000 } }, [['cpu.max', 'max 5000']]],
  ['an idle group', { cpu: { idle: 1 } }, [['cpu.idle', '1']]],
  ['nothing for real time of zero', { cpu: { realtime_runtime: 0, realtime_period: 0 } }, []],
  ['only the cpuset file that is asked for', { cpu: { cpus: '1-2' } }, [['cpuset.cpus', '1-2']]],
  [
    'a weight and its converted alternative',
    { blkio: { weight: 500 } },
    [
      ['io.bfq.weight', '500'],
      ['io.weight', '4950'],
    ],
  ],
  [
    'the weight of a device',
    { blkio: { weight_device: [{ major: 8, minor: 0, weight: 1000 }] } },
    [
      ['io.bfq.weight', '8:0 1000'],
      ['io.weight', '8:0 10000'],
    ],
  ],
  [
    'rates in one file',
    {
      blkio: {
        throttle_read_bps_device: [{ major: 8, minor: 0, rate: 0 }],
        throttle_write_iops_device: [{ major: 8, minor: 0, rate: 7 }],
      },
    },
    [
      ['io.max', '8:0 rbps=max'],
      ['io.max', '8:0 wiops=7'],
    ],
  ],
  ['a limit of threads', { pids: { limit: 9 } }, [['pids.max', '9']]],
  [
    'huge pages',
    { hugetlb: [{ page_size: '2MB', limit: -1 }] },
    [
      ['hugetlb.2MB.max', 'max'],
      ['hugetlb.2MB.rsvd.max', 'max'],
    ],
  ],
  [
    'RDMA',
    { rdma: { mlx4_0: { hca_handles: 1, hca_objects: 2 } } },
    [['rdma.max', 'mlx4_0 hca_handle=1 hca_object=2']],
  ],
  ['nothing for a network class of zero', { network: { class_id: 0 } }, []],
  [
    'raw files last and over everything else',
    {
      pids: { limit: 9 },
      memory: { memory_hard_limit: MIB },
      unified: { 'memory.max': '2097152', 'io.max': '8:0 rbps=2\n8:16 rbps=3\n' },
    },
    [
      ['pids.max', '9'],
      ['memory.oom.group', '1'],
      ['memory.max', '2097152'],
      ['io.max', '8:0 rbps=2'],
      ['io.max', '8:16 rbps=3'],
    ],
  ],
];

for (const [what, resources, writes] of ROWS) {
  test(`v2 writes ${what}`, () => {
    assert.deepEqual(planned('v2', resources), writes);
  });
}
