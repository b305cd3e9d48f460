import { basename } from 'node:path';
import { count, nextStep } from '../../base/index.ts';
import type { RepositorySummary } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { table, type Column } from '../table.ts';
import { print, printJson, talk } from '../talk.ts';

const columns: readonly Column[] = [
  { title: 'ID', shortensTo: 8 },
  { title: 'CONTAINERS', align: 'right' },
  { title: 'RUNNING', align: 'right' },
  { title: 'REJECTED', align: 'right' },
  { title: 'CHANGES', priority: 1 },
  { title: 'DIR', shortensTo: 16 },
];

/** The folders that the daemon runs containers from. */
export async function repositories(context: Context): Promise<number> {
  const found = await clientOf(context).repositories();
  if (context.json) printJson(found);
  else if (context.quiet) print(found.map(({ id }) => id));
  else {
    const { out, wide } = context;
    print(
      table(columns, found.map(rowOf), {
        ...(out.isTTY && !wide ? { width: out.columns } : {}),
        ascii: out.ascii,
        style: (style, text) => out.style(style, text),
      }),
    );
    for (const one of found) for (const line of notesOf(one)) talk(line);
  }
  return 0;
}

function rowOf({ id, dir, containers, running, rejected, problem, watched }: RepositorySummary): string[] {
  const changes = problem !== undefined ? 'not used' : watched ? 'at once' : 'at the next rescan';
  return [id, String(containers), String(running), String(rejected.length), changes, dir];
}

function notesOf({ id, rejected, problem }: RepositorySummary): string[] {
  const hint = typeof problem?.['hint'] === 'string' ? ` (${problem['hint']})` : '';
  const broken = problem === undefined ? [] : [`${id}: not used, ${String(problem['message'])}${hint}`];
  const files = rejected.map(({ file, errors }) => {
    const step = errors[0] === undefined ? `thuban validate ${file}` : nextStep(errors[0], file);
    return `${basename(file)}: ${count(errors.length, 'error')} (${step})`;
  });
  return [...broken, ...files];
}
