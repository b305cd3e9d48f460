import { formatDuration } from '../base/index.ts';
import type { DaemonLog } from './daemon-options.ts';
import type { RuntimeEvent } from './events.ts';
import { exitSentence, oomSentence } from './exit.ts';
import { pressureSentence } from './pressure-watch.ts';
import { isFailure } from './restart.ts';
import { skippedSentence } from './skipped.ts';

/** One event as a line of the daemon's own log. Changes of state that another event tells of as well are only for debugging. */
export function logEvent(event: RuntimeEvent, log: DaemonLog): void {
  const { container } = event;
  switch (event.type) {
    case 'started':
      log('info', `${container} started`, { container, pid: event.pid, duration_ms: event.duration_ms });
      for (const { code, message } of event.conditions ?? [])
        log('warn', `${container} is degraded: ${message}`, { container, code });
      return;
    case 'adopted':
      log('info', `${container} adopted`, { container, pid: event.pid, started_at: event.started_at });
      return;
    case 'exited': {
      const { exit } = event;
      const isLate = exit.killed_after !== undefined;
      log(isFailure(exit) || isLate ? 'warn' : 'info', `${container} exited: ${exitSentence(exit)}`, {
        container,
        exit,
        ...(isLate ? { code: 'TH4005' } : {}),
      });
      return;
    }
    case 'oom':
      log('warn', `${container} out of memory: ${oomSentence(event.oom)}`, { container, oom: event.oom });
      return;
    case 'pressure': {
      const { type: _type, time: _time, container: _container, ...news } = event;
      log('warn', `${container} is short of memory: ${pressureSentence(event)}`, { container, ...news });
      return;
    }
    case 'restarting':
      log('info', `${container} restart ${event.number} of ${event.max} in ${formatDuration(event.delay * 1000)}`, {
        container,
      });
      return;
    case 'scheduled':
      log('info', `${container} is due since ${event.due}${event.catch_up ? ', made up for' : ''}`, {
        container,
        late_ms: event.late_ms,
      });
      return;
    case 'skipped':
      log('info', `${container} skipped ${skippedSentence(event)}`, { container, reason: event.reason });
      return;
    case 'paused':
    case 'resumed':
      log('info', `${container} ${event.type}`, { container });
      return;
    case 'leftover':
      if (event.removed === undefined) {
        const { paths, tasks } = event;
        log('warn', `${container} left groups that could not be removed`, { container, paths, tasks, code: 'TH2010' });
      } else {
        const left = event.paths.length === 0 ? 'all' : 'some';
        log('info', `${left} of the groups that ${container} left are removed`, { container, groups: event.removed });
      }
      return;
    case 'updated': {
      const { changed, duration_ms } = event;
      log('info', `${container} limits changed`, { container, changed, duration_ms });
      return;
    }
    case 'state':
      if (event.state === 'failed')
        log('error', `${container} failed${event.message === undefined ? '' : `: ${event.message}`}`, {
          container,
          ...(event.code === undefined ? {} : { code: event.code }),
        });
      else log('debug', `${container} is ${event.state}`, { container, previous: event.previous });
      return;
  }
}
