import { stoppedFor, type Exit } from '../runtime/index.ts';
import { ago } from './times.ts';
import { formatBytes } from '../base/index.ts';

/** How it ended, in as few words as a table has room for: `code 3`, `OOM 32 MiB`, `killed by SIGSEGV`. */
export function shortExit(exit: Exit): string {
  switch (exit.reason) {
    case 'exited':
    case 'signalled':
      return ending(exit);
    case 'oom_killed':
      return exit.oom?.cause === 'own_limit' && exit.oom.limit !== undefined
        ? `OOM ${formatBytes(exit.oom.limit)}`
        : 'OOM';
    case 'start_failed':
      return `start failed${typeof exit.error?.['code'] === 'string' ? ` ${exit.error['code']}` : ''}`;
    case 'unhealthy':
      return 'unhealthy';
    case 'stopped':
      return `stopped ${stoppedFor(exit)}${exit.signal === 'SIGKILL' || (exit.code ?? 0) > 0 ? `, ${ending(exit)}` : ''}`;
    case null:
      return 'unknown';
  }
}

/** `code 0`, or the signal that ended it. */
export function ending(exit: Exit): string {
  if (exit.code !== undefined) return `code ${exit.code}`;
  return exit.signal === undefined ? 'code unknown' : `killed by ${exit.signal}`;
}

export function lastExit(exit: Exit | undefined, now: number): string {
  return exit === undefined ? '-' : `${shortExit(exit)}, ${ago(exit.time, now)}`;
}
