import type { Unsupported } from '../manifest/index.ts';

/** Every key and value that belongs to the configuration and that this version has no part for. Refused with TH1107. */
export const unsupported: Unsupported = {
  keys: [
    'data_dir',
    'socket_dir',
    'watch',
    'schedule',
    'packages',
    'metrics',
    'repositories.*.keys',
    'repositories.*.require_signature',
    'repositories.*.revoked',
    'repositories.*.capacity_number',
    'repositories.*.capacity_size',
    'repositories.*.mount_on_start',
    'cgroups.supervisor_memory_min',
    'console.northstar',
    'console.token_validity',
    'console.limits.install_size',
    'console.limits.client_queue',
    'start.jitter',
    'start.admission',
    'daemon.watchdog',
    'daemon.state_flush',
    'daemon.loop_devices_timeout',
  ],
  values: {
    'repositories.*.type': ['memory'],
    'logs.target': ['file', 'journald', 'none'],
  },
  variants: ['repositories.*.type'],
};
