import type { Container } from './container.ts';
import type { Condition } from './events.ts';
import type { Exit } from './exit.ts';
import type { Leftovers } from './leftovers.ts';
import { monotonicMs, type Ledger } from './ledger.ts';
import type { State } from './states.ts';

export interface Status {
  id: string;
  state: State;
  /** RFC 3339: since when it has been in this state. */
  since: string;
  message?: string;
  conditions: Condition[];
  pid?: number;
  started_at?: string;
  uptime_ms?: number;
  restarts: number;
  oom_kills: number;
  /** In `backoff`: until the next start. */
  next_start_ms?: number;
  last_exit?: Exit;
}

export function statusOf(ledger: Ledger, container: Container | undefined, leftovers: Leftovers): Status {
  const { id, state, since, message, restarts, oomKills, nextStart, lastExit } = ledger;
  const alive = state === 'running' || state === 'stopping' ? container : undefined;
  return {
    id,
    state,
    since,
    ...(message === undefined ? {} : { message }),
    ...(alive === undefined ? {} : aliveOf(alive)),
    conditions: [
      ...(alive === undefined ? [] : conditionsOf(alive)),
      ...(ledger.waiting === undefined ? [] : [ledger.waiting]),
      ...leftovers.conditionsOf(id),
    ],
    restarts,
    oom_kills: oomKills,
    ...(nextStart === undefined ? {} : { next_start_ms: Math.max(0, nextStart - monotonicMs()) }),
    ...(lastExit === undefined ? {} : { last_exit: lastExit }),
  };
}

function aliveOf({ started }: Container): { pid: number; started_at: string; uptime_ms: number } {
  const uptime_ms = Math.max(0, monotonicMs() - Number(started.mono) / 1e6);
  return { pid: started.program, started_at: timeOf(started.time), uptime_ms };
}

export function timeOf(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}

export function conditionsOf(container: Container): Condition[] {
  const paused = container.pausing.condition;
  return [...(paused === undefined ? [] : [paused]), ...limitConditionsOf(container)];
}

/** What is wrong with its limits. */
export function limitConditionsOf(container: Container): Condition[] {
  const since = timeOf(container.started.time);
  const refused = container.refusal.condition;
  const degraded = container.degraded.map(({ code, message }): Condition => ({
    type: 'degraded',
    since,
    message,
    code,
  }));
  return refused === undefined ? degraded : [...degraded, refused];
}
