import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checks, judge } from '../../../../src/runtime/index.ts';
import type { CheckInfo } from '../../../../src/runtime/doctor/table.ts';
import { judgeDevices } from '../../../../src/runtime/doctor/devices.ts';
import { judgeIo, secondsOf } from '../../../../src/runtime/doctor/io-throttle.ts';
import type { Finding } from '../../../../src/runtime/doctor/types.ts';
import { fromObject } from '../../../support/containers.ts';

const base = { version: '1.0.0', init: '/bin/sh', uid: 1, gid: 1, rootfs: 'host' };
const installed = [
  fromObject({ ...base, name: 'limited', cgroups: { memory: { memory_hard_limit: '32 MiB' }, pids: { limit: 8 } } }),
  fromObject({ ...base, name: 'quota', cgroups: { cpu: { quota: '20 %' } } }),
  fromObject({ ...base, name: 'job', schedule: '@hourly' }),
  fromObject({
    ...base,
    name: 'disk',
    cgroups: { blkio: { throttle_read_bps_device: [{ major: 8, minor: 0, rate: 1000 }] } },
  }),
  fromObject({ ...base, name: 'can', cgroups: { devices: [] } }),
  fromObject({ ...base, name: 'packed' }),
].map((one) => (one.manifest.name === 'packed' ? { ...one, image: { path: '/a.tar', offset: 0 } as never } : one));

function info(name: string): CheckInfo {
  const found = checks.find(({ check }) => check === name);
  assert.ok(found);
  return found;
}

describe('what a finding means', () => {
  const missing: Finding = { result: 'absent', proof: 'no controller' };
  const rows: [check: string, finding: Finding, status: string, affects: string[]][] = [
    ['memory limit', { result: 'enforced', proof: '' }, 'ok', []],
    ['memory limit', missing, 'problem', ['limited:1.0.0']],
    ['memory limit', { result: 'ignored', proof: '' }, 'problem', ['limited:1.0.0']],
    ['memory limit', { result: 'not tried', proof: '' }, 'remark', ['limited:1.0.0']],
    ['pids limit', missing, 'problem', ['limited:1.0.0']],
    ['cpu quota', missing, 'problem', ['quota:1.0.0']],
    ['io throttle', missing, 'problem', ['disk:1.0.0']],
    ['device rules', missing, 'problem', ['can:1.0.0']],
    ['swap limit', missing, 'problem', []],
    ['swap limit', { ...missing, harmless: true }, 'remark', []],
    ['pressure', missing, 'remark', []],
    ['dm-verity', missing, 'remark', []],
    ['overlay', missing, 'remark', []],
    ['squashfs', missing, 'problem', ['packed:1.0.0']],
    ['clock', missing, 'problem', ['job:1.0.0']],
    ['clock', { ...missing, harmless: true }, 'remark', ['job:1.0.0']],
  ];
  for (const [check, finding, status, affects] of rows)
    test(`${check} ${finding.result}${finding.harmless === true ? ', harmless' : ''} is ${status}`, () => {
      const found = judge(info(check), finding, installed);
      assert.deepEqual([found.status, found.affects], [status, affects]);
    });

  test('what is well or was not tried needs nothing to be done, what is not well always does', () => {
    for (const one of checks) {
      assert.equal(judge(one, { result: 'enforced', proof: '' }, []).remedy, undefined);
      assert.equal(judge(one, { result: 'not tried', proof: '' }, []).remedy, undefined);
      for (const result of ['absent', 'ignored'] as const)
        assert.ok((judge(one, { result, proof: '' }, []).remedy ?? '').length > 10, one.check);
    }
  });
});

test('rules about devices are proven by what was opened and by why the other was not', () => {
  const dash = 'sh: 1: cannot open /dev/null: Operation not permitted\n';
  const busybox = "sh: can't open /dev/null: Operation not permitted\n";
  const absent = 'sh: 1: cannot open /dev/null: No such file\n';
  for (const [output, result] of [
    [`zero\n${dash}`, 'enforced'],
    [`${busybox}zero\n`, 'enforced'],
    [`zero\n${absent}`, 'not tried'],
    ['zero\nnull\n', 'ignored'],
    [`sh: 1: cannot open /dev/zero: Operation not permitted\n${dash}`, 'ignored'],
    ['', 'ignored'],
  ] as const)
    assert.equal(judgeDevices(output).result, result, output);
});

test('a throttle is proven where the disk is faster without', () => {
  for (const [free, limited, result] of [
    [20_000_000, 66_000, 'enforced'],
    [200_000, 70_000, 'enforced'],
    [100_000, 66_000, 'not tried'],
    [20_000_000, 100_000, 'ignored'],
    [20_000_000, 19_000_000, 'ignored'],
  ] as const)
    assert.equal(judgeIo('sda', free, limited).result, result, `${free} ${limited}`);
});

test('what to do about device programs goes by what the kernel said', () => {
  const told = (proof: string): string => judge(info('device rules'), { result: 'absent', proof }, []).remedy ?? '';
  assert.match(told('the kernel does not take the program: operation not permitted (EPERM)'), /CAP_BPF/);
  assert.match(told('the kernel does not take the program: invalid argument (EINVAL)'), /CONFIG_CGROUP_BPF/);
});

test('the time of dd is read from what GNU and busybox write', () => {
  const gnu = '1048576 bytes (1.0 MB, 1.0 MiB) copied, 1.04872 s, 1.0 MB/s\n';
  const busybox = '16+0 records out\n1048576 bytes (1.0MB) copied, 0.005123 seconds, 195.2MB/s\n';
  const fast = '1048576 bytes (1.0 MB, 1.0 MiB) copied, 9.8e-05 s, 10.7 GB/s\n';
  assert.deepEqual([gnu, busybox, fast, 'nothing'].map(secondsOf), [1.04872, 0.005123, 0.000098, undefined]);
});

test('docs/reference/doctor.md has every check with its remedy and kernel option, in order', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/doctor.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  const table = rows.slice(rows.findIndex((line) => line.startsWith('| Check')) + 1);
  for (const [at, one] of checks.entries()) {
    const cells = (table[at] ?? '').split('|').map((cell) => cell.trim());
    assert.equal(cells[1], one.check);
    const option = 'kernel_option' in one ? one.kernel_option : undefined;
    assert.equal(cells[3], option ?? '', one.check);
    const remedy = judge(one, { result: 'absent', proof: '' }, []).remedy;
    assert.equal(cells[4], remedy, one.check);
  }
});
