import { formatDuration } from '../../base/index.ts';
import { exitSentence, type Exit, type Supervised } from '../../runtime/index.ts';
import { table } from '../table.ts';

/** A duration without its blank, as tables show it: `3 h 4 min` is `3h4min`. */
function short(ms: number): string {
  return formatDuration(ms).replaceAll(' ', '');
}

function lastExit(exit: Exit | undefined): string {
  if (exit === undefined) return '-';
  const how = exitSentence(exit).replace(' reached', '').replace('limit of', 'limit');
  return `${how}, ${short(Math.max(0, Date.now() - Date.parse(exit.time)))} ago`;
}

/** What `ps` shows of these containers, by name. */
export function statusTable(guests: readonly Supervised[]): string[] {
  const header = ['NAME', 'STATE', 'UP', 'RESTARTS', 'OOM', 'LAST EXIT'];
  const rows = guests
    .map((guest) => guest.status)
    .sort((a, b) => a.id.localeCompare(b.id, 'en'))
    .map((status) => {
      const up = status.uptime_ms === undefined ? '-' : short(status.uptime_ms);
      return [
        status.id,
        status.state,
        up,
        String(status.restarts),
        String(status.oom_kills),
        lastExit(status.last_exit),
      ];
    });
  return table(header, rows, new Set(['RESTARTS', 'OOM']));
}
