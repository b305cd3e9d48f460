import type { Code } from '../base/index.ts';
import type { Task } from '../cgroups/index.ts';
import type { Exit, Oom } from './exit.ts';
import type { PressureNews } from './pressure-watch.ts';
import type { State } from './states.ts';

/**
 * What stands beside a state and never replaces it. `degraded`: a limit of the manifest is not enforced on this kernel; `waiting`: what its
 * start waits for; `paused`: its processes are held; `leftover`: something of an earlier run could not be removed and is tried again.
 */
export interface Condition {
  type: 'degraded' | 'waiting' | 'paused' | 'leftover';
  since: string;
  message: string;
  code?: Code;
}

/** What happened to a container. Times are RFC 3339, UTC, with milliseconds. */
export type RuntimeEvent = { time: string; container: string } & (
  | { type: 'started'; pid: number; duration_ms: number; conditions?: Condition[] }
  | { type: 'exited'; exit: Exit }
  | { type: 'oom'; oom: Oom }
  | ({ type: 'pressure' } & PressureNews)
  | { type: 'state'; state: State; previous: State; message?: string; code?: Code }
  /** `delay`: seconds. */
  | { type: 'restarting'; number: number; max: number | 'unlimited'; delay: number; policy: string }
  /** Its processes are held, or go on. `duration`: seconds for which it was paused, null when nobody knows. */
  | { type: 'paused'; processes: number; duration_ms: number }
  | { type: 'resumed'; duration: number | null }
  /** Groups that could not be removed, or of which some are gone by now: `paths` are those that stay. */
  | { type: 'leftover'; paths: string[]; removed?: string[]; tasks?: Task[] }
  /** Its limits were changed by hand while it runs. `differs`: from those of its manifest. */
  | { type: 'updated'; how: 'live'; changed: string[]; duration_ms: number; differs: boolean }
  /** Another daemon had started it, and this one goes on with it. */
  | { type: 'adopted'; pid: number; started_at: string; restarts: number }
  /** The clock starts it. `due`: for when; `late_ms`: how long after that, with its jitter. */
  | { type: 'scheduled'; due: string; catch_up: boolean; late_ms: number }
  /** The clock did not start it, so many times; `due` is the last of them. `limit`: as many run as may be. */
  | { type: 'skipped'; due: string; reason: 'overlap' | 'missed' | 'limit'; count: number }
);

/** Omit that keeps the members of a union apart. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type EventBody = Without<RuntimeEvent, 'time' | 'container'>;
