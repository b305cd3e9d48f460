import type { ListedContainer } from '../launcher/index.ts';
import type { Exit } from './exit.ts';
import type { RunRecord } from './run-record.ts';
import type { SavedState } from './saved-state.ts';
import type { State } from './states.ts';

/** A run that the launcher holds, with what its starter left there for us. */
export interface Held {
  listed: ListedContainer;
  record: RunRecord;
}

/** Where a container's life begins, or goes on. */
export type Entry =
  /** `asked`: by a person, who does not want to wait for the turns of others. */
  | { from: 'start'; asked?: boolean }
  /** `accounted`: its end was told and counted before; only the rest of it has to be cleared away. */
  | { from: 'held'; held: Held; accounted: boolean }
  /** A run that has ended and is cleared away; what follows was not decided. */
  | { from: 'exit'; exit: Exit }
  /** `delay`: milliseconds that are left. */
  | { from: 'backoff'; delay: number };

export interface Restored {
  /** The state that it is found in. */
  state: State;
  /** Absent: it rests. */
  entry?: Entry;
  /** What had been begun and is to be carried through. */
  then?: 'stop' | 'restart';
}

/**
 * Pure: what a new daemon does with a container that an earlier one left. What the launcher holds is the truth about processes, the saved
 * state tells what was wanted.
 */
export function restore(saved: SavedState | undefined, held: Held | undefined, monotonicMs: number): Restored {
  if (held !== undefined) {
    const accounted = saved?.accounted === String(held.listed.id);
    const wanted = saved?.intent ?? 'run';
    return {
      state: held.listed.state === 'starting' ? 'starting' : 'running',
      entry: { from: 'held', held, accounted },
      ...(wanted === 'run' ? {} : { then: wanted }),
    };
  }
  if (saved === undefined) return { state: 'stopped' };
  if (saved.intent === 'restart') return { state: 'stopped', entry: { from: 'start' } };
  if (saved.state === 'stopped' || saved.state === 'failed') return { state: saved.state };
  if (saved.intent === 'stop') return { state: 'stopped' };
  if (saved.state === 'backoff')
    return { state: 'backoff', entry: { from: 'backoff', delay: Math.max(0, (saved.next_start ?? 0) - monotonicMs) } };
  if (saved.last_exit !== undefined && saved.accounted !== undefined && saved.accounted === saved.run)
    return { state: 'running', entry: { from: 'exit', exit: saved.last_exit } };
  // The daemon died before the launcher heard of this start: nothing runs, so it cannot become a second copy.
  return { state: 'stopped', entry: { from: 'start' } };
}
