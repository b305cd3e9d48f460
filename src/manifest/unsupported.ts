import type { Unsupported } from './language.ts';

/**
 * Everything that the manifest language knows and this version cannot execute, in one table. `*` stands for any
 * name. Such a key is refused with TH1107: never ignored, and never called unknown.
 */
export const unsupportedKeys: readonly string[] = [
  'console',
  'sched',
  'network',
  'seccomp',
  'selinux',
  'sockets',
  'custom',
  'standby',
  'health',
  'depends_on',
  'logs',
  'update',
  'paths',
  'user_namespace',
  'apparmor',
  'process.working_dir',
  'process.umask',
  'process.oom_score_adj',
  'process.no_new_privs',
  'process.new_session',
  'stop.pre_stop',
  'stop.post_stop',
  'rootfs.overlay_size',
  'cgroups.parent',
  'cgroups.devices',
  'cgroups.memory.attrs',
  'cgroups.memory.pressure',
  'cgroups.cpu.attrs',
  'cgroups.blkio.attrs',
];

/** Values that are refused in the same way, by the key they stand at. */
export const unsupportedValues: Readonly<Record<string, readonly string[]>> = {
  'mounts.*.type': ['persist', 'sockets', 'device', 'overlay'],
  'rootfs.overlay': ['tmpfs', 'persist'],
};

export const unsupported: Unsupported = {
  keys: unsupportedKeys,
  values: unsupportedValues,
  variants: ['mounts.*.type'],
};
