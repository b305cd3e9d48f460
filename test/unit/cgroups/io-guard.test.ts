import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ThubanError } from '../../../src/base/index.ts';
import { acquireGroups, planCgroups, type CgroupPlan } from '../../../src/cgroups/index.ts';
import { ioLimitWait } from '../../../src/cgroups/io-guard.ts';
import { factsOf, v1Board, v2Board } from './fake-boards.ts';
import { request } from './requests.ts';

const YOUNG = { arch: 'armv7l', uptime: 40.5 };

function write(file: string, value: string): CgroupPlan['writes'][number] {
  return { op: 'write', controller: 'io', path: '/g', file, value };
}

test('only limits of disks wait, only on kernels of 32 bits, and only until the counter has passed zero', () => {
  const limit = write('io.max', '8:0 rbps=1000');
  assert.equal(ioLimitWait(limit, YOUNG), 270);
  assert.equal(ioLimitWait(write('blkio.throttle.read_bps_device', '8:0 1000'), YOUNG), 270);
  for (const arch of ['armv6l', 'armv8l', 'i686', 'mips', 'riscv32'])
    assert.ok(ioLimitWait(limit, { ...YOUNG, arch }) > 0, arch);
  for (const arch of ['aarch64', 'arm64', 'x86_64', 'riscv64', 'mips64', 'ppc64le'])
    assert.equal(ioLimitWait(limit, { ...YOUNG, arch }), 0, arch);
  assert.equal(ioLimitWait(limit, { ...YOUNG, uptime: 310 }), 0);
  assert.equal(ioLimitWait(write('io.weight', '100'), YOUNG), 0);
  assert.equal(ioLimitWait(write('io.max', '8:0 rbps=max'), YOUNG), 0, 'a limit that goes');
  assert.equal(ioLimitWait(write('io.max', '8:0 rbps=max wiops=10'), YOUNG), 270);
  assert.equal(ioLimitWait(write('blkio.throttle.read_bps_device', '8:0 0'), YOUNG), 0);
});

for (const [version, board] of [
  ['v1', v1Board],
  ['v2', v2Board],
] as const) {
  test(`a young kernel of 32 bits gets no limit of a disk, and nothing is made (${version})`, () => {
    const fs = board();
    const blkio = { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 1_000_000 }] };
    const planned = (enforce: 'strict' | 'best_effort'): CgroupPlan =>
      planCgroups(request(version, { blkio, pids: { limit: 5 } }, { facts: factsOf(fs), enforce }));
    assert.throws(
      () => acquireGroups(fs, planned('strict'), { kernel: YOUNG }),
      (error: ThubanError) => error.code === 'TH2014' && error.details['retry_after'] === 270,
    );
    for (const { path } of planned('strict').groups) assert.throws(() => fs.stat(path), { code: 'ENOENT' });
    const groups = acquireGroups(fs, planned('best_effort'), { kernel: YOUNG });
    assert.deepEqual(
      groups.degraded.map(({ code, key }) => ({ code, key })),
      [{ code: 'TH2014', key: 'cgroups.blkio.throttle_read_bps_device.0' }],
    );
    assert.doesNotThrow(() => acquireGroups(board(), planned('strict'), { kernel: { ...YOUNG, uptime: 311 } }));
  });
}
