import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accept, acceptAll, brief, HEAD, refuse, refuseAll } from './support.ts';

const RESOURCE = 'name: r\nversion: 1.0.0\nuid: 1\ngid: 1\n';

/** What is refused, the lines after HEAD (they begin on line 6), and code, place and path. */
const faults: [string, string, string][] = [
  ['an unknown key', 'colour: red\n', 'TH1102 6:1 colour'],
  ['an unknown key in a section', 'cgroups:\n  memroy: {}\n', 'TH1102 7:3 cgroups.memroy'],
  ['an unknown key in a mount', 'mounts:\n  /a: {type: proc, host: /a}\n', 'TH1102 7:20 mounts./a.host'],
  ['a list for a map', 'mounts: [a]\n', 'TH1101 6:9 mounts'],
  ['a block list for a map, at its key', 'mounts:\n  - a\n', 'TH1101 6:1 mounts'],
  ['a text for a list', 'args: x\n', 'TH1101 6:7 args'],
  ['a map for a text', 'env:\n  A: {b: c}\n', 'TH1101 7:6 env.A'],
  ['a word for a number', 'cgroups: {cpu: {shares: many}}\n', 'TH1101 6:25 cgroups.cpu.shares'],
  ['a fraction for a whole number', 'cgroups: {cpu: {shares: 1.5}}\n', 'TH1101 6:25 cgroups.cpu.shares'],
  ['a word for a boolean', 'cgroups: {memory: {oom_group: yes}}\n', 'TH1101 6:31 cgroups.memory.oom_group'],
  ['a missing key of a section', 'io: {stdout: pipe}\n', 'TH1104 6:1 io.stderr'],
  ['a bind without a host', 'mounts:\n  /a: {type: bind}\n', 'TH1104 7:3 mounts./a.host'],
  ['a tmpfs without a size', 'mounts:\n  /a: {type: tmpfs}\n', 'TH1104 7:3 mounts./a.size'],
  ['a mount without a type', 'mounts:\n  /a: {host: /a}\n', 'TH1104 7:3 mounts./a.type'],
  ['an unknown mount type', 'mounts:\n  /a: {type: nfs}\n', 'TH1201 7:14 mounts./a.type'],
  ['an unknown mount option', 'mounts:\n  /a: {type: bind, host: /a, options: ro}\n', 'TH1201 7:39 mounts./a.options'],
  ['an unknown restart policy', 'restart: on-failure\n', 'TH1201 6:10 restart'],
  ['an unknown policy in the long form', 'restart: {policy: maybe}\n', 'TH1201 6:19 restart.policy'],
  ['an unknown start mode', 'autostart: true\n', 'TH1201 6:12 autostart'],
  ['an unknown output', 'io: {stdout: log, stderr: pipe}\n', 'TH1201 6:14 io.stdout'],
  ['an unknown signal', 'stop: {signal: TERM}\n', 'TH1201 6:16 stop.signal'],
  ['a capability in lower case', 'capabilities: [cap_kill]\n', 'TH1201 6:16 capabilities[0]'],
  ['an unknown limit of the process', 'rlimits: {nofiles: {soft: 1}}\n', 'TH1102 6:11 rlimits.nofiles'],
  ['a bad host name', 'hostname: Board_7\n', 'TH1201 6:11 hostname'],
  ['a relative root', 'rootfs: srv/root\n', 'TH1201 6:9 rootfs'],
  ['a directory root without a path', 'rootfs: {type: dir}\n', 'TH1104 6:1 rootfs.path'],
  ['a path beside the root of a package', 'rootfs: {type: package, path: /a}\n', 'TH1306 6:25 rootfs.path'],
  ['folders beside the root of a package', 'rootfs: {type: package, folders: [/a]}\n', 'TH1306 6:25 rootfs.folders'],
  ['an overlay in a host root', 'rootfs: {type: host, overlay: none}\n', 'TH1306 6:22 rootfs.overlay'],
  ['folders beside a directory root', 'rootfs: {type: dir, path: /a, folders: [/b]}\n', 'TH1306 6:31 rootfs.folders'],
  [
    'a size that cannot be read',
    'cgroups: {memory: {memory_hard_limit: 64 Megs}}\n',
    'TH1202 6:39 cgroups.memory.memory_hard_limit',
  ],
  ['a tmpfs of size 0, which has no limit', 'mounts:\n  /a: {type: tmpfs, size: 0}\n', 'TH1205 7:27 mounts./a.size'],
  ['a duration that cannot be read', 'stop: {timeout: soon}\n', 'TH1203 6:17 stop.timeout'],
  ['a CPU amount that cannot be read', 'cgroups: {cpu: {quota: half}}\n', 'TH1204 6:24 cgroups.cpu.quota'],
  ['a share of a period of nothing', 'cgroups: {cpu: {quota: 20 %, period: 0}}\n', 'TH1204 6:24 cgroups.cpu.quota'],
  [
    'a share of an endless period',
    'cgroups: {cpu: {quota: 150 %, period: 9007199254740991}}\n',
    'TH1204 6:24 cgroups.cpu.quota',
  ],
  ['an old octal number', 'cgroups: {cpu: {shares: 0777}}\n', 'TH1209 6:25 cgroups.cpu.shares'],
  ['a number that no double holds', 'cgroups: {cpu: {shares: 99999999999999999}}\n', 'TH1205 6:25 cgroups.cpu.shares'],
  ['a multiplier below 1', 'restart: {policy: always, multiplier: 0.5}\n', 'TH1205 6:39 restart.multiplier'],
  ['a restart without any delay', 'restart: {policy: always, initial_delay: 0}\n', 'TH1205 6:42 restart.initial_delay'],
  [
    'a longest delay below the first',
    'restart: {policy: always, max_delay: 100 ms}\n',
    'TH1205 6:38 restart.max_delay',
  ],
  ['a soft limit above the hard one', 'rlimits:\n  nofile: {soft: 9, hard: 8}\n', 'TH1205 7:18 rlimits.nofile.soft'],
  ['no soft limit above a hard one', 'rlimits:\n  nofile: {hard: 8}\n', 'TH1205 7:18 rlimits.nofile.hard'],
  ['a variable of Northstar', 'env: {NORTHSTAR_NAME: x}\n', 'TH1210 6:7 env.NORTHSTAR_NAME'],
  ['a variable of Thuban', 'env: {THUBAN_ANY: x}\n', 'TH1210 6:7 env.THUBAN_ANY'],
  ['a name of a variable with =', 'env: {"A=B": x}\n', 'TH1201 6:7 env.A=B'],
  ['a name of a variable over 64 bytes', `env: {${'N'.repeat(65)}: x}\n`, `TH1205 6:7 env.${'N'.repeat(65)}`],
  ['a value of a variable over 1024 bytes', `env: {A: ${'ä'.repeat(513)}}\n`, 'TH1205 6:10 env.A'],
  ['65 variables', `env: {${Array.from({ length: 65 }, (_, i) => `V${i}: x`).join(', ')}}\n`, 'TH1205 6:6 env'],
  ['a group twice', 'suppl_groups: [a, b, a]\n', 'TH1006 6:22 suppl_groups[2]'],
  ['a group name over 64 bytes', `suppl_groups: [${'g'.repeat(65)}]\n`, 'TH1205 6:16 suppl_groups[0]'],
  ['a NUL byte in a text', 'args: ["a\\0b"]\n', 'TH1201 6:8 args[0]'],
  ['a relative target of a bind', 'mounts:\n  a: {type: bind, host: /b}\n', 'TH1211 7:3 mounts.a'],
  ['a relative target with ..', 'mounts:\n  a/../..: {type: proc}\n', 'TH1211 7:3 mounts.a/../..'],
  ['a target with ..', 'mounts:\n  /a/../b: {type: proc}\n', 'TH1211 7:3 mounts./a/../b'],
  ['a relative host', 'mounts:\n  /a: {type: bind, host: b}\n', 'TH1211 7:26 mounts./a.host'],
  ['a root with ..', 'rootfs: /srv/../etc\n', 'TH1211 6:9 rootfs'],
  [
    'a relative device',
    'cgroups: {blkio: {throttle_read_bps_device: [{device: mmcblk0, rate: 1}]}}\n',
    'TH1211 6:55 cgroups.blkio.throttle_read_bps_device[0].device',
  ],
  [
    'a device named in two ways',
    'cgroups: {blkio: {weight_device: [{device: /dev/a, major: 1, minor: 2}]}}\n',
    'TH1306 6:35 cgroups.blkio.weight_device[0]',
  ],
  [
    'no device at all',
    'cgroups: {blkio: {throttle_write_iops_device: [{rate: 1}]}}\n',
    'TH1104 6:48 cgroups.blkio.throttle_write_iops_device[0].device',
  ],
  [
    'swap below memory',
    'cgroups: {memory: {memory_hard_limit: 2 MiB, memory_swap_limit: 1 MiB}}\n',
    'TH1302 6:65 cgroups.memory.memory_swap_limit',
  ],
];

describe('a manifest', () => {
  for (const [what, text, expected] of faults)
    it(`with ${what} is refused with ${expected.slice(0, 6)} at its place`, () => {
      assert.deepEqual(brief(refuse(text)), [expected]);
    });

  const heads: [string, RegExp, string, string][] = [
    ['a name with a blank', /camera/, 'my camera', 'TH1201 1:7 name'],
    ['the name ..', /camera/, '..', 'TH1201 1:7 name'],
    ['an empty name', /camera/, "''", 'TH1201 1:7 name'],
    ['a name of 1025 characters', /camera/, 'n'.repeat(1025), 'TH1201 1:7 name'],
    ['a version of two numbers', /1\.0\.0/, '1.0', 'TH1206 2:10 version'],
    ['a version of a number that no double holds', /1\.0\.0/, '1.9007199254740992.0', 'TH1206 2:10 version'],
    ['a version with leading zeros', /1\.0\.0/, '1.02.0', 'TH1206 2:10 version'],
    ['an empty init', /\/bin\/camera/, "''", 'TH1205 3:7 init'],
    ['an init of 4097 bytes', /\/bin\/camera/, 'i'.repeat(4097), 'TH1205 3:7 init'],
    ['uid 0', /uid: 1000/, 'uid: 0', 'TH1205 4:6 uid'],
    ['uid 65536', /uid: 1000/, 'uid: 65536', 'TH1205 4:6 uid'],
    ['gid 0', /gid: 1000/, 'gid: 0', 'TH1205 5:6 gid'],
    ['a quoted uid', /uid: 1000/, 'uid: "1000"', 'TH1101 4:6 uid'],
    ['an empty uid', /uid: 1000/, 'uid:', 'TH1101 4:1 uid'],
  ];
  for (const [what, from, to, expected] of heads)
    it(`with ${what} is refused with ${expected.slice(0, 6)} at its place`, () => {
      assert.deepEqual(brief(refuseAll(HEAD.replace(from, to))), [expected]);
    });

  it('is told all of its faults at once, sorted by place', () => {
    const text = 'image: x\nmounts:\n  a: {type: bind, host: /a}\nstop: {timeout: soon, signal: TERM}\n';
    assert.deepEqual(brief(refuseAll(`uid: 0\n${text}`)), [
      'TH1104 1:1 name',
      'TH1104 1:1 version',
      'TH1104 1:1 gid',
      'TH1205 1:6 uid',
      'TH1102 2:1 image',
      'TH1211 4:3 mounts.a',
      'TH1303 5:1 stop',
      'TH1203 5:17 stop.timeout',
      'TH1201 5:31 stop.signal',
    ]);
  });

  it('may have uid 0 when it says that it is privileged', () => {
    const manifest = acceptAll(HEAD.replace('uid: 1000', 'uid: 0') + 'process: {privileged: true}\n');
    assert.equal(manifest.uid, 0);
  });

  it('passes values on that only a kernel can judge', () => {
    const { cgroups } = accept(
      'cgroups:\n  memory: {memory_hard_limit: 0, memory_soft_limit: -5, memory_swap_limit: -3, swappiness: 101}\n' +
        '  cpu: {shares: -1, quota: 999, idle: 2, cpus: 1-0}\n  pids: {limit: -99}\n  blkio: {weight: 9}\n',
    );
    assert.deepEqual(cgroups, {
      memory: { memory_hard_limit: 0, memory_soft_limit: -5, memory_swap_limit: -3, swappiness: 101 },
      cpu: { shares: -1, quota: 999, idle: 2, cpus: '1-0' },
      pids: { limit: -99 },
      blkio: { weight: 9 },
    });
  });
});

describe('a resource container', () => {
  it('needs no program', () => {
    assert.equal(acceptAll(`${RESOURCE}args: []\nenv: {}\ncapabilities: []\n`).init, undefined);
  });
  const keys = [
    'args: [a]',
    'env: {A: b}',
    'autostart: relaxed',
    'cgroups: {}',
    'capabilities: [CAP_KILL]',
    'suppl_groups: [a]',
    'io: {stdout: pipe, stderr: pipe}',
    'restart: never',
    'stop: {}',
    "schedule: '@daily'",
  ];
  for (const line of keys)
    it(`is refused \`${line}\` with TH1303`, () => {
      const key = line.split(':', 1)[0] ?? '';
      assert.deepEqual(brief(refuseAll(`${RESOURCE}${line}\n`)), [`TH1303 5:1 ${key}`]);
    });
});

describe('bind targets', () => {
  const mounts = (...targets: string[]): string =>
    `mounts:\n${targets.map((target) => `  ${target}: {type: bind, host: /lib}\n`).join('')}`;
  it('may be siblings and may share the start of a name', () => {
    accept(mounts('/lib', '/lib64', '/lib-a', '/usr/lib'));
  });
  it('must not overlap, even when another target sorts between them', () => {
    assert.deepEqual(brief(refuse(mounts('/lib', '/lib-a', '/lib/x'))), ['TH1301 9:3 mounts./lib/x']);
    assert.deepEqual(brief(refuse(mounts('/a/b/c', '/a'))), ['TH1301 7:3 mounts./a/b/c']);
    assert.deepEqual(brief(refuse(mounts('/', '/a'))), ['TH1301 8:3 mounts./a']);
    assert.deepEqual(brief(refuse(mounts('/a', '/a//'))), ['TH1301 8:3 mounts./a//']);
  });
  it('may hold a mount of another kind', () => {
    accept('mounts:\n  /a: {type: bind, host: /a}\n  /a/b: {type: tmpfs, size: 1 MiB}\n');
  });
});
