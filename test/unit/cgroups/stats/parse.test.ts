import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cpuMax, cpuV1, cpuV2 } from '../../../../src/cgroups/stats/cpu.ts';
import { ioV1, ioV2 } from '../../../../src/cgroups/stats/io.ts';
import { memoryEvents, memoryV1, memoryV2 } from '../../../../src/cgroups/stats/memory.ts';
import { hugetlb, pids, rdma } from '../../../../src/cgroups/stats/others.ts';
import { pressure } from '../../../../src/cgroups/stats/pressure.ts';
import { readCounter, readLimit, type Read } from '../../../../src/cgroups/stats/values.ts';

const from =
  (files: Record<string, string>): Read =>
  (file) =>
    files[file];
const nothing = from({});

describe('a limit', () => {
  const rows: [string | undefined, object][] = [
    ['max\n', { limit: null, unlimited: true }],
    ['8192\n', { limit: 8192 }],
    ['0\n', { limit: 0 }],
    [undefined, { limit: null }],
    ['', { limit: null }],
    ['8192 8192', { limit: null }],
    // What v1 has for none: 64 bits with pages of 4, 16 and 64 KiB, and 32 bits.
    ['9223372036854771712\n', { limit: null, unlimited: true }],
    ['9223372036854759424\n', { limit: null, unlimited: true }],
    ['9223372036854710272\n', { limit: null, unlimited: true }],
    ['8796093018112\n', { limit: null, unlimited: true }],
    ['-1\n', { limit: null, unlimited: true }],
    ['9007199254740993\n', { limit: '9007199254740993' }],
  ];
  for (const [text, wanted] of rows)
    test(`${JSON.stringify(text)} is ${JSON.stringify(wanted)}`, () => {
      assert.deepEqual(readLimit(text), wanted);
    });
});

test('a counter keeps every digit, and what is no number is unknown', () => {
  assert.equal(readCounter('18446744073709551615\n'), '18446744073709551615');
  for (const text of [undefined, '', 'a', '1 2', '0x10', '1.5']) assert.equal(readCounter(text), null);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      assert.equal(BigInt(readCounter(value.toString()) ?? -1), value);
    }),
  );
});

describe('processor time', () => {
  test('of v1 is microseconds whatever the kernel counts in', () => {
    const stats = cpuV1(
      from({
        'cpu.stat':
          'nr_periods 2000\nnr_throttled 200\nthrottled_time 18446744073709551615\nnr_bursts 1\nburst_time 7000\n',
        'cpu.cfs_quota_us': '-1\n',
        'cpu.cfs_period_us': '100000\n',
        'cpu.shares': '1024\n',
      }),
      from({ 'cpuacct.stat': 'user 452278264\nsystem 3\n', 'cpuacct.usage': '12262454190222160\n' }),
    );
    assert.deepEqual(stats, {
      usage_us: 12_262_454_190_222,
      user_us: 4_522_782_640_000,
      system_us: 30_000,
      nr_periods: 2000,
      nr_throttled: 200,
      throttled_us: '18446744073709551',
      nr_bursts: 1,
      burst_us: 7,
      quota_us: null,
      unlimited: true,
      period_us: 100_000,
      weight: null,
      shares: 1024,
    });
  });

  test('of v2 is there without the controller, and its periods are not 0 then', () => {
    const stats = cpuV2(from({ 'cpu.stat': 'usage_usec 7730\nuser_usec 4387\nsystem_usec 3498\nnice_usec 0\n' }));
    assert.deepEqual([stats.usage_us, stats.user_us, stats.system_us], [7730, 4387, 3498]);
    assert.deepEqual(
      [stats.nr_periods, stats.throttled_us, stats.quota_us, stats.unlimited],
      [null, null, null, undefined],
    );
  });

  test('the quota is read with its period, and nothing of a line of another shape', () => {
    assert.deepEqual(cpuMax('max 100000\n'), { quota_us: null, unlimited: true, period_us: 100_000 });
    assert.deepEqual(cpuMax('10000 8000'), { quota_us: 10_000, period_us: 8000 });
    for (const text of ['', undefined, 'max', 'max 100000 100000', 'x y'])
      assert.deepEqual(cpuMax(text), { quota_us: null, period_us: null });
  });
});

describe('memory', () => {
  test('of v1 is that of the subtree, and swap is what memory and swap together leave', () => {
    const stats = memoryV1(
      from({
        'memory.usage_in_bytes': '2048\n',
        'memory.max_usage_in_bytes': '4096\n',
        'memory.limit_in_bytes': '8192\n',
        'memory.memsw.usage_in_bytes': '3048\n',
        'memory.memsw.limit_in_bytes': '12288\n',
        'memory.stat': 'cache 1\nrss rss\ninactive_file 5\ntotal_cache 512\ntotal_rss 1024\ntotal_inactive_file 48\n',
      }),
      3,
    );
    assert.deepEqual(stats, {
      usage: 2048,
      peak: 4096,
      working_set: 2000,
      limit: 8192,
      anon: 1024,
      file: 512,
      kernel: null,
      swap: { usage: 1000, peak: null, limit: 4096 },
      events: { low: null, high: null, max: null, oom: null, oom_kill: 3, oom_group_kill: null },
    });
  });

  test('of v1 without swap accounting has no swap, and without a limit of both swap has none', () => {
    assert.equal(memoryV1(nothing, null).swap, null);
    const both = { 'memory.usage_in_bytes': '4096\n', 'memory.memsw.usage_in_bytes': '4000\n' };
    const none = { 'memory.memsw.limit_in_bytes': '9223372036854771712\n', 'memory.limit_in_bytes': '8192\n' };
    // Read one after the other: more memory than memory and swap is no negative swap.
    assert.deepEqual(memoryV1(from({ ...both, ...none }), null).swap, {
      usage: 0,
      peak: null,
      limit: null,
      unlimited: true,
    });
  });

  test('of v2 keeps what newer kernels count besides', () => {
    const stats = memoryV2(
      from({
        'memory.current': '4096\n',
        'memory.max': 'max\n',
        'memory.stat': 'anon 3000\nfile 1000\nkernel 96\ninactive_file 5000\nworkingset_nodes 1 2\n',
        'memory.swap.current': '0\n',
        'memory.swap.max': '1024\n',
        'memory.events': 'low 0\nhigh 3\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\nsock_throttled 5\n',
      }),
    );
    assert.deepEqual(stats, {
      usage: 4096,
      peak: null,
      working_set: 0,
      limit: null,
      unlimited: true,
      anon: 3000,
      file: 1000,
      kernel: 96,
      swap: { usage: 0, peak: null, limit: 1024 },
      events: { low: 0, high: 3, max: 12, oom: 1, oom_kill: 1, oom_group_kill: 0, others: { sock_throttled: 5 } },
    });
    assert.equal(memoryEvents('').oom_kill, null);
    assert.equal(memoryV2(nothing).working_set, null);
  });
});

describe('I/O', () => {
  test('of v2 is read in every form that kernels have written', () => {
    const text =
      '8:0\n' +
      '254:1 rbytes=6901432320 wbytes=14245535744 rios=263278 wios=248603 dbytes=0 dios=0\n' +
      // Before 6.1 several devices could run together on one line.
      '254:0 254:3 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n' +
      '259:0 rbytes=18446744073709551615 cost.vrate=100.50 cost.usage=1532009788 bad=x =3\n';
    const rest = { wbytes: null, rios: null, wios: null, dbytes: null, dios: null };
    assert.deepEqual(ioV2(text), [
      {
        device: '254:1',
        rbytes: 6_901_432_320,
        wbytes: 14_245_535_744,
        rios: 263_278,
        wios: 248_603,
        dbytes: 0,
        dios: 0,
      },
      { device: '254:3', rbytes: 1, wbytes: 2, rios: 3, wios: 4, dbytes: 5, dios: 6 },
      {
        device: '259:0',
        rbytes: '18446744073709551615',
        ...rest,
        others: { 'cost.vrate': 100.5, 'cost.usage': 1_532_009_788, '': 3 },
      },
    ]);
    assert.deepEqual(ioV2(''), []);
  });

  test('of v1 is that of the subtree, and a line of another shape is left out', () => {
    const files = {
      'blkio.throttle.io_service_bytes': '8:32 Read 1\n',
      'blkio.throttle.io_service_bytes_recursive':
        '8:32 Read 4280320\n8:32 Write a\n8:32 Sync 4280320\n8:32 Discard 1\n8:32 Total 4280320\nTotal 4280320\n',
      'blkio.throttle.io_serviced': '8:32 Read 7\n8:32 Write 8\n',
    };
    assert.deepEqual(ioV1(from(files)), [
      { device: '8:32', rbytes: 4_280_320, wbytes: null, rios: 7, wios: 8, dbytes: 1, dios: null },
    ]);
    assert.equal(ioV1(nothing), null);
  });
});

test('processes are counted with their limit and how often it refused', () => {
  assert.deepEqual(pids(from({ 'pids.current': '5\n', 'pids.max': '10\n', 'pids.events': 'max 2\n' })), {
    current: 5,
    peak: null,
    limit: 10,
    max_events: 2,
  });
});

test('huge pages are counted by reservation where the kernel does', () => {
  const v2 = { 'hugetlb.2MB.current': '2048\n', 'hugetlb.2MB.events': 'max 5\n', 'hugetlb.2MB.rsvd.current': '1024\n' };
  assert.deepEqual(hugetlb(from({ ...v2, 'hugetlb.2MB.max': 'max\n' }), 2, ['2MB']), [
    { page_size: '2MB', usage: 1024, limit: null, unlimited: true, max_events: 5 },
  ]);
  const v1 = {
    'hugetlb.64KB.usage_in_bytes': '7\n',
    'hugetlb.64KB.limit_in_bytes': '9\n',
    'hugetlb.64KB.failcnt': '1\n',
  };
  assert.deepEqual(hugetlb(from(v1), 1, ['64KB']), [{ page_size: '64KB', usage: 7, limit: 9, max_events: 1 }]);
});

test('rdma devices have what they use beside their limits', () => {
  const files = {
    'rdma.current': 'mlx4_0 hca_handle=2 hca_object=2000\n',
    'rdma.max': 'mlx4_0 hca_handle=3 hca_object=max\n',
  };
  assert.deepEqual(rdma(from(files)), [
    {
      device: 'mlx4_0',
      hca_handles: { usage: 2, limit: 3 },
      hca_objects: { usage: 2000, limit: null, unlimited: true },
    },
  ]);
});

test('pressure is percent and microseconds; without `full`, and without the file, it is not 0', () => {
  const some = 'some avg10=1.71 avg60=2.36 avg300=2.57 total=230548833';
  const read = { avg10: 1.71, avg60: 2.36, avg300: 2.57, total_us: 230_548_833 };
  assert.deepEqual(pressure(`${some}\n`), { some: read, full: null });
  assert.deepEqual(pressure(`${some}\nfull avg10=1.00 avg60=x avg300=1.00 total=1`), {
    some: read,
    full: { avg10: 1, avg60: null, avg300: 1, total_us: 1 },
  });
  assert.equal(pressure(undefined), null);
  assert.equal(pressure(''), null);
});

test('whatever stands in a file, reading it throws nothing', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200, unit: fc.constantFrom('a', ' ', ':', '=', '.', '-', '\n', '0', '9', 'max') }),
      (text) => {
        const read: Read = () => text;
        for (const parse of [memoryV2, cpuV2, ioV1, pids, rdma]) parse(read);
        memoryV1(read, null);
        cpuV1(read, read);
        ioV2(text);
        pressure(text);
        hugetlb(read, 2, ['2MB']);
      },
    ),
  );
});
