import type { Restart, Schedule, Stop } from './manifest.ts';

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
