import { dirname } from 'node:path/posix';
import { hasErrno, systemClock, type Clock } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { Group } from './plan-types.ts';
import { subtreePids } from './procs.ts';
import { flatKeyed, readIf, subtree } from './read.ts';
import { tasksOf, type Task } from './tasks.ts';

/** Either version has a freezer: v1 a controller with files of its own, v2 every group that is not the root (5.2). */
const FILES = {
  1: { file: 'freezer.state', freeze: 'FROZEN', thaw: 'THAWED' },
  2: { file: 'cgroup.freeze', freeze: '1', thaw: '0' },
} as const;

/** Where a task waits that the freezer of v1 holds, before 6.1 in all cases. */
const REFRIGERATOR = '__refrigerator';

const TIMEOUT_MS = 5000;
const LONGEST_PAUSE_MS = 10;
/** v1: a task that is between two states may only come to rest when all of them go on for a moment (runc#2774). */
const ROUNDS_TO_THAW = 50;
const THAW_PAUSE_MS = 10;

export interface FreezerState {
  /** `freezing`: it was asked for, and not every process is. */
  state: 'thawed' | 'freezing' | 'frozen';
  /** It was asked for in this group, not only in one above. */
  self: boolean;
}

/** `gone`: the group was removed meanwhile. `stopped`: the signal aborted. `running`: what did not come to rest in time. */
export type Freezing = { outcome: 'frozen' | 'gone' | 'stopped' } | { outcome: 'timeout'; running: Task[] };

/** `held`: a group above is frozen, which cannot be undone from below. */
export type Thawing = { outcome: 'thawed' | 'gone' } | { outcome: 'held'; by: string };

/** The group whose freezer holds all of a container. Undefined: this board has none. */
export function freezerOf(groups: readonly Group[]): Group | undefined {
  const v1 = groups.find(({ version, controllers }) => version === 1 && controllers.includes('freezer'));
  return v1 ?? groups.find(({ version }) => version === 2);
}

/** null: the group is gone. */
export function freezerState(fs: KernelFs, { version, path }: Group): FreezerState | null {
  if (version === 1) {
    const state = readIf(fs, `${path}/freezer.state`)?.trim().toLowerCase();
    const self = readIf(fs, `${path}/freezer.self_freezing`)?.trim() === '1';
    return state === 'thawed' || state === 'freezing' || state === 'frozen' ? { state, self } : null;
  }
  const events = readIf(fs, `${path}/cgroup.events`);
  if (events === undefined) return null;
  const self = readIf(fs, `${path}/cgroup.freeze`)?.trim() === '1';
  const isFrozen = flatKeyed(events).get('frozen') === 1;
  return { state: isFrozen ? 'frozen' : self ? 'freezing' : 'thawed', self };
}

export interface FreezeOptions {
  clock?: Clock;
  /** Milliseconds. */
  timeout?: number;
  signal?: AbortSignal;
}

/**
 * Holds every process of the group and of those below. It is all or nothing: what does not come to rest in time is told, and the group is thawed
 * again. On v1 processes that are made meanwhile leave it `FREEZING`, so the wish is written anew in every round; v2 takes them in by itself.
 */
export async function freeze(fs: KernelFs, group: Group, options: FreezeOptions = {}): Promise<Freezing> {
  const { clock = systemClock, timeout = TIMEOUT_MS, signal } = options;
  const deadline = clock.monotonic() + timeout;
  for (let round = 1; ; round++) {
    if (signal?.aborted === true) {
      put(fs, group, 'thaw');
      return { outcome: 'stopped' };
    }
    if ((round === 1 || group.version === 1) && !put(fs, group, 'freeze')) return { outcome: 'gone' };
    const found = freezerState(fs, group);
    if (found === null) return { outcome: 'gone' };
    if (found.state === 'frozen') return { outcome: 'frozen' };
    if (clock.monotonic() >= deadline) {
      const suspects = suspectsIn(fs, group.path);
      put(fs, group, 'thaw');
      return { outcome: 'timeout', running: stillRunning(fs, group, suspects) };
    }
    if (group.version === 1 && round % ROUNDS_TO_THAW === 0) {
      if (!put(fs, group, 'thaw')) return { outcome: 'gone' };
      await clock.sleep(THAW_PAUSE_MS);
    } else await clock.sleep(Math.min(round, LONGEST_PAUSE_MS));
  }
}

/** Lets all processes of the group go on; with `below` also what was frozen in groups below. */
export async function thaw(
  fs: KernelFs,
  group: Group,
  { clock = systemClock, timeout = TIMEOUT_MS, below = false }: FreezeOptions & { below?: boolean } = {},
): Promise<Thawing> {
  const deadline = clock.monotonic() + timeout;
  if (below) for (const path of subtree(fs, group.path)) put(fs, { ...group, path }, 'thaw');
  else put(fs, group, 'thaw');
  for (let round = 1; ; round++) {
    const found = freezerState(fs, group);
    if (found === null) return { outcome: 'gone' };
    if (found.state === 'thawed') return { outcome: 'thawed' };
    const by = frozenAbove(fs, group);
    if (by !== undefined) return { outcome: 'held', by };
    // v2 counts its tasks out one by one.
    if (clock.monotonic() >= deadline) return { outcome: 'held', by: group.path };
    await clock.sleep(Math.min(round, LONGEST_PAUSE_MS));
  }
}

/** The nearest group above that was frozen itself. */
export function frozenAbove(fs: KernelFs, group: Group): string | undefined {
  for (let path = dirname(group.path); path !== '/'; path = dirname(path)) {
    const found = freezerState(fs, { ...group, path });
    if (found === null) return undefined; // the root has no freezer, and above it there is none
    if (found.self) return path;
  }
  return undefined;
}

/** False: the group is gone. */
function put(fs: KernelFs, { version, path }: Group, what: 'freeze' | 'thaw'): boolean {
  const { file, [what]: value } = FILES[version];
  try {
    fs.write(`${path}/${file}`, value);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return false;
    throw error;
  }
}

/** How many are looked at for the few that are told. */
const MOST_LOOKED_AT = 1024;
const MOST_TOLD = 16;

/** What may keep the freezer waiting: a task that sleeps or is stopped comes to rest by itself, wherever the kernel holds it then. */
function suspectsIn(fs: KernelFs, path: string): Task[] {
  const all = tasksOf(fs, subtreePids(fs, path), MOST_LOOKED_AT);
  return all.filter(({ state, wchan }) => state === 'R' || (state === 'D' && wchan !== REFRIGERATOR));
}

/**
 * Once the group is thawed: what had not come to rest, those in uninterruptible sleep first, for which the freezer waits. v1 holds who slept where
 * he slept, and shows him as `D` (TASK_FROZEN, 6.1): he is who is not in that state any more. v2 shows its own as sleeping, and its thaw wakes every
 * task for a moment (cgroup_freeze_task): what was seen before is what counts.
 */
function stillRunning(fs: KernelFs, { version }: Group, suspects: readonly Task[]): Task[] {
  const waiting = suspects.filter(({ state }) => state === 'D');
  const pids = waiting.map(({ pid }) => pid);
  const now = version === 2 ? waiting : tasksOf(fs, pids, MOST_LOOKED_AT).filter(({ state }) => state === 'D');
  return [...now, ...suspects.filter(({ state }) => state === 'R')].slice(0, MOST_TOLD);
}
