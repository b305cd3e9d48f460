import { failpoint, type Clock } from '../base/index.ts';
import type { Leftover } from '../cgroups/index.ts';
import { describeFailure, type Container } from './container.ts';
import type { Exit } from './exit.ts';
import type { Ledger } from './ledger.ts';
import type { Entry } from './restore.ts';
import { limitConditionsOf, timeOf } from './status.ts';

/** A run has begun, or is gone on with. `took` in milliseconds. */
export function tellStarted(ledger: Ledger, container: Container, entry: Entry, took: number): void {
  const pid = container.started.program;
  if (entry.from === 'held') {
    const started_at = timeOf(container.started.time);
    if (!entry.accounted) ledger.emit({ type: 'adopted', pid, started_at, restarts: ledger.restarts });
    return;
  }
  failpoint('start.running');
  const degraded = limitConditionsOf(container);
  const conditions = degraded.length === 0 ? {} : { conditions: degraded };
  ledger.emit({ type: 'started', pid, duration_ms: Math.round(took * 1000) / 1000, ...conditions });
}

/** A start that came to nothing is an exit as well. `error`: placed in the manifest. */
export function tellStartFailed(ledger: Ledger, error: unknown, clock: Clock): Exit {
  if (ledger.state !== 'starting') ledger.become('starting'); // it did not come so far as to have a plan
  const time = new Date(clock.now()).toISOString();
  const exit: Exit = { reason: 'start_failed', time, duration: 0, error: describeFailure(error) };
  ledger.groups = [];
  ledger.account(exit);
  ledger.emit({ type: 'exited', exit });
  return exit;
}

/** A run is over. Gives the exit that counts: an earlier daemon may have told of it. */
export function tellEnded(ledger: Ledger, entry: Entry, exit: Exit, leftovers: readonly Leftover[]): Exit {
  ledger.groups = [];
  if (leftovers.length > 0) {
    const tasks = [
      ...new Map(leftovers.flatMap((leftover) => leftover.tasks).map((task) => [task.pid, task])).values(),
    ];
    ledger.emit({ type: 'leftover', paths: leftovers.map(({ path }) => path), tasks });
  }
  if (entry.from === 'held' && entry.accounted) return ledger.lastExit ?? exit;
  ledger.emit({ type: 'exited', exit });
  return exit;
}
