import type { Restart } from '../manifest/index.ts';
import type { Exit } from './exit.ts';

/** What is remembered between runs. It is forgotten after `reset_after` seconds of stable running. */
export interface RestartHistory {
  restarts: number;
}

export type RestartDecision =
  /** Not to be started again; `limit`: only because it was as often as allowed. */
  | { action: 'stay'; limit: boolean }
  /** Milliseconds from now. */
  | { action: 'restart'; delay: number; number: number };

/** Any end but code 0 and a requested stop is a failure. */
export function isFailure(exit: Exit): boolean {
  return exit.reason !== 'stopped' && exit.code !== 0;
}

/** The history after a run of so many seconds. */
export function afterRun(history: RestartHistory, policy: Restart, seconds: number): RestartHistory {
  return seconds >= policy.reset_after ? { restarts: 0 } : history;
}

/** Pure. `random` is a number in [0, 1). */
export function decideRestart(policy: Restart, exit: Exit, history: RestartHistory, random: number): RestartDecision {
  if (exit.reason === 'stopped' || policy.policy === 'never') return { action: 'stay', limit: false };
  if (policy.policy === 'on_failure' && !isFailure(exit)) return { action: 'stay', limit: false };
  if (policy.max_restarts !== 'unlimited' && history.restarts >= policy.max_restarts)
    return { action: 'stay', limit: true };
  const plain = Math.min(policy.max_delay, policy.initial_delay * policy.multiplier ** history.restarts);
  const varied = plain * (1 + policy.jitter * (2 * random - 1));
  return {
    action: 'restart',
    delay: Math.round(Math.min(policy.max_delay, varied) * 1000),
    number: history.restarts + 1,
  };
}
