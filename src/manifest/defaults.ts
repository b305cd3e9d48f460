import type { Process, Restart, Schedule, Stop } from './manifest.ts';
import type { Dependency, Logs, Update } from './supervision.ts';

/** What a board may set for all manifests that name a policy only. */
export type RestartDefaults = Omit<Restart, 'policy' | 'max_restarts'>;

/** How a container is restarted when `restart` names only the policy. Without `restart` it is never restarted. */
export const restartDefaults: Readonly<Restart> = {
  policy: 'never',
  initial_delay: 1,
  max_delay: 60,
  multiplier: 2,
  jitter: 0.2,
  reset_after: 60,
  max_restarts: 'unlimited',
};

/** How a container without `stop` is stopped. */
export const stopDefaults: Readonly<Stop> = { signal: 'SIGTERM', timeout: 10 };

/** What a `schedule` means that names only its cron text. */
export const scheduleDefaults: Readonly<Omit<Schedule, 'cron'>> = {
  time_zone: 'UTC',
  overlap: 'forbid',
  catch_up: 'none',
  catch_up_window: 3600,
  jitter: 0,
  max_runtime: 'unlimited',
};

/** How the program's process is made where `process` does not say it. */
export const processDefaults: Readonly<Required<Process>> = {
  privileged: false,
  working_dir: '/',
  umask: 0o022,
  oom_score_adj: 0,
  no_new_privs: true,
  new_session: true,
};

/** How a container is checked where `health` does not say it; seconds. */
export const healthDefaults = {
  host: '127.0.0.1',
  path: '/',
  status: '200-399',
  watchdog: 30,
  start_period: 0,
  /** Until a program that says so itself must be ready. */
  ready: 30,
  interval: 30,
  timeout: 5,
  retries: 3,
  on_unhealthy: 'restart',
} as const;

/** What a dependency means that says nothing. */
export const dependencyDefaults: Readonly<Dependency> = {
  condition: 'started',
  version: '*',
  timeout: 'unlimited',
  on_exit: 'ignore',
};

/** Seconds that a command before or after a stop may take. */
export const HOOK_TIMEOUT = 5;

/** What `logs` means where it does not say it. */
export const logDefaults: Readonly<Logs> = {
  target: 'memory',
  size: 256 * 1024,
  files: 3,
  max_line: 16 * 1024,
  rate: 1000,
  timestamps: true,
};

/** What `update` means where it does not say it, and what holds without it. */
export const updateDefaults: Readonly<Update> = { strategy: 'manual', probation: 60, on_failure: 'rollback', keep: 1 };

/** Where the ids of a user namespace begin on the board, and how many there are. */
export const userNamespaceDefaults = { host_uid: 100_000, host_gid: 100_000, size: 65_536 } as const;

/** Bytes that may be written over a root or into a mount whose manifest does not say how much. */
export const OVERLAY_SIZE = 16 * 1024 * 1024;

/** What a device is shown as, and how long it is waited for in seconds. */
export const deviceDefaults = { access: 'rw', mode: 0o660, wait: 0 } as const;

/** What memory pressure is measured by. */
export const pressureDefaults = { window: 2, level: 'medium' } as const;
