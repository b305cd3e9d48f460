import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asChecks, doctorLines, headLines, summaryLines } from '../../../src/cli/doctor/text.ts';
import type { Check, Diagnosis } from '../../../src/runtime/index.ts';

const terminal = {
  isTTY: true,
  columns: 80,
  color: false,
  ascii: true,
  style: (_style: string, text: string): string => text,
};

const ok = (check: string, result: Check['result'], proof: string): Check => ({
  check,
  result,
  proof,
  status: 'ok',
  affects: [],
});

const checks: Check[] = [
  {
    check: 'memory limit',
    result: 'absent',
    proof: 'this kernel offers no memory controller',
    remedy: 'add cgroup_enable=memory to the kernel command line (Raspberry Pi: /boot/firmware/cmdline.txt), reboot',
    kernel_option: 'CONFIG_MEMCG; cgroup_enable=memory',
    status: 'problem',
    affects: ['camera:2.1.0'],
  },
  { ...ok('swap limit', 'not tried', 'this board has no swap; the kernel took the limit'), status: 'remark' },
  ok('cpu quota', 'enforced', '19.8 % measured at 20 %, held back in 10 periods'),
  ok('namespaces', 'present', 'pid mnt'),
  ok('squashfs', 'present', '/proc/filesystems'),
  ok('clock', 'present', 'clock (NTP synchronised)'),
  ok('data_dir', 'present', '/var/lib/thuban 61 % free (12 GiB)'),
  ok('launcher', 'present', 'launcher 0.1.0 static'),
];

const diagnosis: Diagnosis = {
  checks,
  controllers: [
    { name: 'cpu', version: 2, mountpoint: '/sys/fs/cgroup' },
    { name: 'io', version: 2, mountpoint: '/sys/fs/cgroup' },
    { name: 'memory', version: 1, mountpoint: '/cg/memory' },
  ],
  layout: 'hybrid',
  duration: 1912,
};

describe('the text of the doctor', () => {
  test('in 80 cells has what to do below the check, and what is well together', () => {
    assert.deepEqual(
      [
        ...headLines(diagnosis, terminal),
        ...doctorLines(checks, terminal, { wide: false }),
        ...summaryLines(checks, terminal),
      ],
      [
        'cgroups hybrid; v2 at /sys/fs/cgroup: cpu io; v1 in /cg: memory',
        'tried on this kernel, in throw-away cgroups, in 1.9 s',
        '    CHECK         RESULT     PROOF',
        'NO  memory limit  absent     this kernel offers no memory controller',
        '    -> add cgroup_enable=memory to the kernel command line (Raspberry Pi:',
        '       /boot/firmware/cmdline.txt), reboot',
        '!!  swap limit    not tried  this board has no swap; the kernel took the limit',
        'ok  cpu quota     enforced   19.8 % measured at 20 %, held back in 10 periods',
        'ok  namespaces, squashfs, clock (NTP synchronised), /var/lib/thuban 61 % free',
        '    (12 GiB), launcher 0.1.0 static',
        '1 problem, 1 remark; needed by memory limit: camera:2.1.0',
      ],
    );
  });

  test('piped is one row for each check, whatever its length', () => {
    const lines = doctorLines(checks, { ...terminal, isTTY: false }, { wide: false });
    assert.match(lines[0] ?? '', /^ {4}CHECK +RESULT +PROOF +WHAT TO DO$/);
    assert.match(lines[1] ?? '', /^NO {2}memory limit {2}absent .* reboot$/);
    assert.equal(lines.length, 5);
  });

  test('and JSON have every controller with its place', () => {
    assert.deepEqual(
      asChecks(diagnosis)
        .slice(0, 4)
        .map(({ check, proof }) => [check, proof]),
      [
        ['controller cpu', 'cgroups v2 at /sys/fs/cgroup'],
        ['controller io', 'cgroups v2 at /sys/fs/cgroup'],
        ['controller memory', 'cgroups v1 at /cg/memory'],
        ['memory limit', 'this kernel offers no memory controller'],
      ],
    );
  });

  test('says that all is well when it is', () => {
    assert.deepEqual(summaryLines(checks.slice(2), terminal), ['no problems']);
  });
});
