import { foreignKeys, foreignValues } from './foreign-words.ts';
import { shape } from './generated/shape.js';
import { validate } from './generated/validate-manifest.js';
import type { Language } from './language.ts';
import { keysOfHealth } from './rules/health.ts';
import { keysOfMount } from './rules/mounts.ts';
import { find, type KeyPath, type TreeNode } from './tree.ts';

const nouns = {
  restart: 'restart policy',
  'restart.policy': 'restart policy',
  autostart: 'start mode',
  'io.stdout': 'kind of output',
  'io.stderr': 'kind of output',
  'mounts.*.type': 'mount type',
  'mounts.*.upper': 'kind of upper directory',
  'mounts.*.access': 'access to a device',
  'capabilities.*': 'capability',
  'stop.signal': 'signal that stops a program',
  'cgroups.enforce': 'way to enforce limits',
  'cgroups.devices.*.type': 'kind of device',
  'cgroups.devices.*.access': 'access to a device',
  'cgroups.memory.pressure.level': 'level of memory pressure',
  'health.type': 'kind of check',
  'health.on_unhealthy': 'reaction to an unhealthy container',
  'depends_on.*': 'condition',
  'depends_on.*.condition': 'condition',
  'depends_on.*.on_exit': 'reaction to the end of a dependency',
  'logs.target': 'place for logs',
  'update.strategy': 'way to update',
  'update.on_failure': 'reaction to an update that fails',
  'paths.masked': 'set of paths',
  'paths.read_only': 'set of paths',
  rootfs: 'root filesystem',
  'rootfs.type': 'kind of root filesystem',
  'rootfs.overlay': 'kind of overlay',
  'schedule.overlap': 'way to treat an overlap',
  'schedule.catch_up': 'way to catch up',
  'sched.policy': 'scheduling policy',
  network: 'network',
  'seccomp.profile': 'seccomp profile',
  'seccomp.action': 'seccomp action',
  'seccomp.errno': 'name of an error number',
  'seccomp.allow.*': 'rule for a system call',
  'seccomp.deny.*': 'rule for a system call',
  'sockets.*.type': 'socket type',
  'console.permissions': 'set of permissions',
  'console.permissions.*': 'permission',
};

const expected = {
  mounts: 'a map of target to mount',
  env: 'a map of name to value',
  rlimits: 'a map of resource to limits',
  args: 'a list of arguments',
  suppl_groups: 'a list of group names',
  capabilities: 'a list of capabilities',
  restart: 'one of never, on_failure, always, or a map',
  rootfs: '`package`, `host`, an absolute directory, or a map',
  schedule: 'a cron text, or a map',
  depends_on: 'a map of container name to condition',
  'depends_on.*': 'one of started, healthy, completed, or a map',
  'health.command': 'a list of the program and its arguments',
  'health.status': 'codes of HTTP',
  'stop.pre_stop.command': 'a list of the program and its arguments',
  'stop.post_stop.command': 'a list of the program and its arguments',
  'paths.masked': '`default`, `none` or a list of paths',
  'paths.read_only': '`default`, `none` or a list of paths',
  'mounts.*.lower': 'a list of directories',
  'cgroups.devices': 'a list of rules',
  'sched.policy': 'a policy, for example `idle` or `!fifo {priority: 10}`',
  network: '`none`, `host` or `!namespace NAME`',
  'seccomp.allow': 'a map of system call to rule',
  'seccomp.deny': 'a map of system call to rule',
  'seccomp.allow.*': '`any` or `!args {index: 1, values: [0]}`',
  'seccomp.deny.*': '`any` or `!args {index: 1, values: [0]}`',
  sockets: 'a map of name to socket',
  'console.permissions': '`full` or a list of permissions',
  'cgroups.rdma': 'a map of device to limits',
  'cgroups.unified': 'a map of file to text',
};

const missing = {
  name: { label: 'a container needs a name', hint: 'add `name: camera`' },
  version: { label: 'a container needs a version', hint: 'add `version: 1.0.0`' },
  uid: {
    label: 'a container needs a user to run as',
    hint: 'add `uid: 1000` (1 to 65535; root is not allowed)',
  },
  gid: {
    label: 'a container needs a group to run as',
    hint: 'add `gid: 1000` (1 to 65535; root is not allowed)',
  },
};

/** Of a mount or a check only the keys of its type. */
function keysAt(path: KeyPath, root: TreeNode): readonly string[] | undefined {
  const isMount = path[0] === 'mounts' && path.length === 2;
  const isCheck = path[0] === 'health' && path.length === 1;
  const type = isMount || isCheck ? find(root, [...path, 'type'])?.node : undefined;
  if (type?.kind !== 'scalar') return undefined;
  return isMount ? keysOfMount(type.text) : keysOfHealth(type.text);
}

export const manifestLanguage: Language = {
  document: 'manifest',
  oneDocument: 'make one file for each container',
  tooLarge: 'move large data into files that the container mounts',
  shape,
  validate,
  // What cannot be executed yet is sound all the same, and refused at the start: ./unsupported.ts.
  unsupported: { keys: [], values: {}, variants: [] },
  nouns,
  expected,
  missing,
  foreign: { keys: foreignKeys, values: foreignValues },
  keysAt,
};
