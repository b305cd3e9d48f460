import { ThubanError } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { readSeconds } from '../durations.ts';
import { INTERRUPTED, Interrupt } from '../interrupt.ts';
import { resolveNames } from '../names.ts';
import { printError } from '../print-error.ts';
import { print, printJson, talk } from '../talk.ts';
import { legend, statsTable, type Row } from './rows.ts';
import { live, measure } from './samples.ts';
import { sorted, type SortKey } from './sort.ts';
import { asJson, tellerOf } from './teller.ts';

export interface StatsFlags {
  follow?: boolean;
  interval?: string;
  sort?: SortKey;
}

const INTERVAL_S = { least: 0.1, most: 3600 };

/** What containers use: one sample, or with `--follow` one after the other. */
export async function stats(names: readonly string[], flags: StatsFlags, context: Context): Promise<number> {
  const interval = readInterval(flags.interval);
  const client = clientOf(context);
  const { ids, code } = await chosen(names, client, context);
  if (ids?.length === 0) return code;
  using interrupt = new Interrupt();
  const query = { interval, ...(ids === undefined ? {} : { containers: ids }) };
  if (flags.follow !== true) {
    const rows = await measure(client, query, interrupt.signal);
    if (interrupt.happened) return INTERRUPTED;
    show(sorted(rows, flags.sort), context);
    return code;
  }
  const teller = tellerOf(context, flags.sort);
  for await (const rows of live(client, query, interrupt.signal, teller.remark)) teller.rows(rows);
  return INTERRUPTED;
}

function readInterval(text: string | undefined): number {
  const seconds = text === undefined ? 1 : readSeconds(text);
  if (seconds === undefined || seconds < INTERVAL_S.least || seconds > INTERVAL_S.most)
    throw new ThubanError('TH6011', `\`${text ?? ''}\` is not an interval`, {
      hint: '--interval 1s, 500ms; at least 100ms, at most 1h',
    });
  return seconds;
}

/** Ids of the containers that are meant; undefined: all. One that does not run has nothing to measure. */
async function chosen(
  names: readonly string[],
  client: ConsoleClient,
  context: Context,
): Promise<{ ids: string[] | undefined; code: number }> {
  if (names.length === 0) return { ids: undefined, code: 0 };
  const { found, missing } = await resolveNames(client, names);
  const resting = found.filter(({ state }) => state !== 'running' && state !== 'stopping');
  const errors = [
    ...missing,
    ...resting.map(
      ({ id, state }) =>
        new ThubanError('TH6005', `\`${id}\` is ${state}, stats needs running`, {
          hint: state === 'rejected' ? 'thuban validate' : `thuban start ${id}`,
          details: { id, state, action: 'stats' },
        }),
    ),
  ];
  const [only] = errors;
  if (names.length === 1 && only !== undefined && errors.length === 1 && found.length <= 1) throw only;
  for (const error of errors) printError(error, context);
  const ids = found.filter((container) => !resting.includes(container)).map(({ id }) => id);
  return { ids, code: errors.length === 0 ? 0 : 1 };
}

function show(rows: readonly Row[], context: Context): void {
  if (context.json) {
    printJson(rows.map(asJson));
    return;
  }
  print(statsTable(rows, context.out, { wide: context.wide }));
  if (context.quiet) return;
  if (rows.length === 0) talk('no container runs   (thuban ps)');
  else for (const line of legend(rows, context.err.columns)) talk(line);
}
