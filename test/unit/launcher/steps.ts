import type { ImageFile } from '../../../src/base/index.ts';
import type { Step } from '../../../src/launcher/steps.ts';

/** Numbers that need all of their 64 bits. */
export const image: ImageFile = {
  file: '/var/lib/thuban/repository/hello-1.0.0.tar',
  offset: 2 ** 32 + 1536,
  size: 2 ** 33,
  identity: { dev: '66306', ino: '18446744073709551615', size: '12884901888', ctime_ns: '1795670400123456789' },
};

export const STAGING = '/run/thuban/root';

/** One step of each kind, with values that make every part of its payload visible. */
export const everyStep: readonly Step[] = [
  { op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts', 'net'] },
  { op: 'propagation' },
  { op: 'root_tmpfs', size: 1024, inodes: 16 },
  { op: 'root_bind', source: '/srv/root' },
  { op: 'root_image', image, attributes: ['ro', 'nosuid', 'nodev'] },
  { op: 'root_overlay', if_missing: ['/proc', '/etc/app.conf'], size: 1024, inodes: 16 },
  { op: 'mkdir', path: '/data', mode: 0o755 },
  { op: 'mkfile', path: '/etc/app.conf', mode: 0o644 },
  { op: 'symlink', path: '/bin', text: 'usr/bin' },
  { op: 'bind', source: '/usr', target: '/usr', attributes: ['ro', 'nosuid'], recursive: true, optional: false },
  { op: 'image', image, dir: '/share', target: '/usr/share/maps', attributes: ['ro', 'noexec'] },
  { op: 'tmpfs', target: '/tmp', attributes: ['nodev'], size: 4096, mode: 0o1777 },
  { op: 'proc', target: '/proc', attributes: ['ro'] },
  { op: 'sysfs', target: '/sys', attributes: ['ro'] },
  { op: 'dev', target: '/dev', size: 65536, proc_links: true },
  { op: 'root_context', context: 'system_u:object_r:a_t:s0:c1,c2' },
  { op: 'socket', folder: '/run/s', name: 'a:1.0.0:b', type: 'datagram', mode: 0o600, uid: 7, gid: 8, passcred: true },
  { op: 'connect', file: '/run/c' },
  { op: 'enter', id: '18446744073709551615', input: true, terminal: { rows: 24, columns: 80 } },
  { op: 'setns', namespaces: ['cgroup'] },
  { op: 'mask', paths: ['/proc/kcore', '/sys/firmware'] },
  { op: 'read_only', paths: ['/proc/sys'] },
  { op: 'root_attributes', attributes: ['ro', 'nosuid', 'nodev', 'noexec'] },
  { op: 'pivot' },
  { op: 'hostname', name: 'sensor-7' },
  { op: 'loopback' },
  { op: 'network_namespace', file: '/run/netns/cameras' },
  { op: 'join' },
  { op: 'cgroup_namespace' },
  { op: 'oom_score_adj', value: -500 },
  { op: 'rlimit', resource: 'nofile', soft: 64, hard: null },
  { op: 'session' },
  { op: 'umask', mode: 0o022 },
  { op: 'bounding', capabilities: ['CAP_NET_RAW'] },
  { op: 'ids', uid: 1000, gid: 1001, groups: [20, 44, 60], keep_capabilities: true },
  { op: 'capabilities', capabilities: ['CAP_NET_RAW', 'CAP_SYS_NICE'] },
  { op: 'no_new_privs' },
  { op: 'working_directory', path: '/data' },
  { op: 'security_label', file: 'apparmor/exec', text: 'exec camera' },
  { op: 'listen', index: 1, backlog: 128 },
  { op: 'sched', policy: 'deadline', nice: -3, priority: 7, times: { runtime: 1000, deadline: 2000, period: 3000 } },
  { op: 'seccomp', program: Buffer.from('0600000000000000', 'hex').toString('base64'), admin: true },
  { op: 'exec', path: '/bin/sh', args: ['-c', 'echo'], env: ['A=1', 'B=2'] },
];
