import { formatShortDuration } from '../../base/index.ts';
import { exitSentence, type Exit, type Supervised } from '../../runtime/index.ts';
import { table, type Column } from '../table.ts';
import { ago } from '../times.ts';

function lastExit(exit: Exit | undefined): string {
  if (exit === undefined) return '-';
  const how = exitSentence(exit).replace(' reached', '').replace('limit of', 'limit');
  return `${how}, ${ago(exit.time)}`;
}

const columns: readonly Column[] = [
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'UP' },
  { title: 'RESTARTS', align: 'right' },
  { title: 'OOM', align: 'right' },
  { title: 'LAST EXIT' },
];

/** What `ps` shows of these containers, by name. */
export function statusTable(guests: readonly Supervised[]): string[] {
  const rows = guests
    .map((guest) => guest.status)
    .sort((a, b) => a.id.localeCompare(b.id, 'en'))
    .map((status) => {
      const up = status.uptime_ms === undefined ? '-' : formatShortDuration(status.uptime_ms);
      return [
        status.id,
        status.state,
        up,
        String(status.restarts),
        String(status.oom_kills),
        lastExit(status.last_exit),
      ];
    });
  return table(columns, rows);
}
