import { blame, isAtLimit, type Above, type AncestorCounters } from './above.ts';
import type { KernelFs } from './kernel-fs.ts';
import { killsBelow } from './kills-below.ts';
import type { Group } from './plan-types.ts';
import { flatKeyed, readIf } from './read.ts';

/** Cumulative counters of a group. null: this kernel or version does not tell. */
export interface OomCounters {
  /** How often the group's own limit could not be kept (v2 `oom`). */
  oom: number | null;
  /** How many of its tasks were killed for want of memory, by whomever's limit. */
  oom_kill: number | null;
  /** Since 5.17. */
  oom_group_kill?: number;
  /** v1, when something was killed: the group's use has been as high as its own limit (of memory, or of memory and swap together). */
  at_limit?: boolean;
}

/**
 * v2: memory.events, which counts the subtree. v1: `killsBelow`. null when the group is gone.
 */
export function readOomCounters(fs: KernelFs, group: Group): OomCounters | null {
  if (group.version === 2) {
    const text = readIf(fs, `${group.path}/memory.events`);
    if (text === undefined) return null;
    const events = flatKeyed(text);
    const groupKill = events.get('oom_group_kill');
    return {
      oom: Number(events.get('oom') ?? 0),
      oom_kill: Number(events.get('oom_kill') ?? 0),
      ...(groupKill === undefined ? {} : { oom_group_kill: Number(groupKill) }),
    };
  }
  const kills = killsBelow(fs, group.path);
  if (kills === undefined) return null;
  if (kills === null || Number(kills) === 0) return { oom: null, oom_kill: kills === null ? null : 0 };
  return { oom: null, oom_kill: Number(kills), at_limit: isAtLimit(fs, group.path) };
}

/**
 * Calls back with the counters whenever `oom` or `oom_kill` rose. The kernel also notifies for low, high and max, which
 * are no out-of-memory, and merges notifications within 10 ms: the counters are the truth, the notification is a hint.
 */
export function watchMemoryEvents(
  fs: KernelFs,
  group: Group,
  onChange: (counters: OomCounters) => void,
): { close(): void } {
  let last = readOomCounters(fs, group);
  return fs.watch(`${group.path}/memory.events`, () => {
    const now = readOomCounters(fs, group);
    if (now === null) return;
    const rose = (now.oom ?? 0) > (last?.oom ?? 0) || (now.oom_kill ?? 0) > (last?.oom_kill ?? 0);
    last = now;
    if (rose) onChange(now);
  });
}

export interface ExitFacts {
  version: 1 | 2;
  /** Counters when the program was started and after it was reaped, before its group is removed. */
  before: OomCounters | null;
  after: OomCounters | null;
  exit: { code?: number; signal?: number | string };
  /** Thuban itself sent SIGKILL. `before` must then be the counters at that moment, so that older kills do not count. */
  requestedKill?: boolean;
  /** What the groups above tell, for a kill that was not by the own limit. Without it their limits are not told from the board's memory. */
  above?: { before: Above; after: Above };
  /** v1: the kernel has told of a limit that was reached. */
  notified?: boolean;
}

export interface OomVerdict {
  /** null: the counters could not be read, so nobody knows. */
  oomKilled: boolean | null;
  cause: 'own_limit' | 'ancestor' | 'system' | 'ancestor_or_system' | 'unknown' | null;
  /** Tasks of the group that were killed since the start; null when unknown. */
  kills: number | null;
  /** With the cause `ancestor`: whose limit it was. */
  ancestor?: AncestorCounters;
}

/**
 * Whether an exit was an out-of-memory kill: the counter rose since this start AND the program died of SIGKILL. The
 * kernel raises the counter before it sends the signal, so after the wait it is final (mm/oom_kill.c).
 */
export function classifyOom(facts: ExitFacts): OomVerdict {
  const { before, after, exit, requestedKill = false } = facts;
  const killed = exit.signal === 9 || exit.signal === 'SIGKILL' || exit.code === 137;
  const kills = delta(before?.oom_kill, after?.oom_kill);
  if (kills === null)
    return {
      oomKilled: killed && !requestedKill ? null : false,
      cause: killed && !requestedKill ? 'unknown' : null,
      kills: null,
    };
  if (kills <= 0) return { oomKilled: false, cause: null, kills: 0 };
  return { oomKilled: killed, ...causeOf(facts), kills };
}

/**
 * v2 counts `oom` in the group whose limit could not be kept. v1 does not; but a group that never came to its own limit was not killed
 * by it, and one that did and was then killed was, as far as anybody can tell.
 */
function causeOf({
  version,
  before,
  after,
  above,
  notified = false,
}: ExitFacts): Pick<OomVerdict, 'cause' | 'ancestor'> {
  const own = delta(before?.oom, after?.oom);
  if (own === null && after?.at_limit === undefined) return { cause: 'unknown' };
  if (own === null ? after?.at_limit === true : own > 0) return { cause: 'own_limit' };
  const blamed = above === undefined ? undefined : blame({ version, ...above, notified });
  if (blamed === undefined) return { cause: 'ancestor_or_system' };
  return blamed === 'system' ? { cause: 'system' } : { cause: 'ancestor', ancestor: blamed };
}

function delta(before: number | null | undefined, after: number | null | undefined): number | null {
  return typeof before === 'number' && typeof after === 'number' ? after - before : null;
}
