import { count } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { print, printJson, talk } from '../talk.ts';
import { measure, type Measured } from './measure.ts';
import { notesOf } from './notes.ts';
import { WIDE_FROM, psTable } from './rows.ts';
import { Filters, sorted, type SortKey } from './select.ts';

export interface PsFlags {
  sort?: SortKey;
  filter?: string[];
}

/** Which containers there are and how they are. */
export async function ps(flags: PsFlags, context: Context): Promise<number> {
  const filters = new Filters(flags.filter ?? []);
  const client = clientOf(context);
  const inTable = !context.json && !context.quiet;
  const all: Measured[] =
    inTable || flags.sort === 'cpu'
      ? await measure(client)
      : (await client.containers({ usage: context.json || flags.sort !== undefined })).map((container) => ({
          container,
        }));
  const chosen = sorted(
    all.filter((entry) => filters.matches(entry)),
    flags.sort,
  );
  const containers = chosen.map(({ container }) => container);
  if (context.json) printJson(containers);
  else if (context.quiet) print(containers.map(({ id }) => id));
  else {
    const now = Date.now();
    print(psTable(chosen, context.out, { wide: context.wide, now }));
    if (chosen.length === 0) talk(await nothing(client, all.length));
    const nextShown = context.wide || (context.out.isTTY && context.out.columns >= WIDE_FROM);
    for (const line of notesOf(containers, context.err, { now, nextShown })) talk(line);
  }
  return 0;
}

/** Why the table is empty, and what to do about it. */
async function nothing(client: ConsoleClient, total: number): Promise<string> {
  if (total > 0) return `no container matches the filter (${count(total, 'container')} without it)`;
  const [repository = 'the repository'] = (await client.version()).repositories;
  return `no containers; add a manifest to ${repository} or: thuban run FILE`;
}
