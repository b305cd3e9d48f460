/**
 * What `rootfs: host` shows of the host, read-only; missing ones are skipped. Programs, their libraries, the linker's cache and the
 * links between alternatives: enough to run the host's tools, nothing of its configuration or data.
 */
export const defaultFolders: readonly string[] = [
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/usr',
  '/etc/ld.so.cache',
  '/etc/alternatives',
];
