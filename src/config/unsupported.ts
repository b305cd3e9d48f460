import type { Unsupported } from '../manifest/index.ts';

/** Every key and value that belongs to the configuration and that this version has no part for. Refused with TH1107. */
export const unsupported: Unsupported = {
  keys: [
    'socket_dir',
    'packages',
    'metrics',
    'repositories.*.revoked',
    'repositories.*.mount_on_start',
    'console.northstar',
    'console.token_validity',
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
