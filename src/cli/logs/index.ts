import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerSummary, LogQuery, LogRecord } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { readSince } from '../durations.ts';
import { INTERRUPTED, Interrupt } from '../interrupt.ts';
import { JsonStream } from '../json-stream.ts';
import { resolveNames } from '../names.ts';
import { printError } from '../print-error.ts';
import { readTail } from '../tail.ts';
import { print, talk } from '../talk.ts';
import { widthOf } from '../text-width.ts';
import { logLine } from './line.ts';
import { gatherByTime, mergeByTime } from './merge.ts';
import { whyNothing } from './nothing.ts';

export interface LogsFlags {
  follow?: boolean;
  tail?: string;
  since?: string;
  timestamps?: boolean;
  raw?: boolean;
}

type Told = LogRecord & { container: ContainerSummary };

/** What containers wrote. */
export async function logs(names: readonly string[], flags: LogsFlags, context: Context): Promise<number> {
  const follow = flags.follow === true;
  const query = queryOf(flags);
  const client = clientOf(context);
  const { found: containers, missing } = await resolveNames(client, names);
  const [only] = missing;
  if (names.length === 1 && only !== undefined) throw only;
  for (const error of missing) printError(error, context);
  const code = missing.length === 0 ? 0 : 1;
  using interrupt = new Interrupt();
  const sources = containers.map((container) => told(client, container, query, interrupt.signal));
  const tell = teller(containers, flags, context);
  let lines = 0;
  const take = (record: Told): void => {
    lines++;
    tell.line(record);
  };
  if (follow && sources.length > 1) await gatherByTime(sources, take);
  else for await (const record of mergeByTime(sources)) take(record);
  tell.end();
  if (interrupt.happened) return INTERRUPTED;
  if (follow) await explainEnd(client, containers, context);
  if (!follow && lines === 0 && !context.json && !context.quiet)
    for (const container of containers) talk(await whyNothing(client, container, query.since !== undefined));
  return code;
}

/** What is followed ends when a container is taken out, or with the daemon, which is an error. */
async function explainEnd(
  client: ConsoleClient,
  containers: readonly ContainerSummary[],
  context: Context,
): Promise<void> {
  const left = new Set((await client.containers()).map(({ id }) => id));
  if (context.quiet) return;
  for (const { id } of containers) if (!left.has(id)) talk(`- ${id} was taken out of the repository -`);
}

function queryOf({ follow, tail, since }: LogsFlags): LogQuery {
  const lines = readTail(tail);
  const from = since === undefined ? undefined : readSince(since);
  return {
    ...(follow === true ? { follow } : {}),
    ...(lines === undefined ? {} : { tail: lines }),
    ...(from !== undefined && 'time' in from ? { since: from.time } : {}),
  };
}

async function* told(
  client: ConsoleClient,
  container: ContainerSummary,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<Told> {
  for await (const record of client.logs(container.id, query, signal)) yield { ...record, container };
}

/** Text or JSON, and what stands before each line. */
function teller(
  containers: readonly ContainerSummary[],
  flags: LogsFlags,
  context: Context,
): { line: (record: Told) => void; end: () => void } {
  if (context.json) {
    const json = new JsonStream(flags.follow === true);
    return {
      line: ({ container, ...record }) => {
        json.record({ container: container.id, ...record });
      },
      end: () => {
        json.end();
      },
    };
  }
  const several = containers.length > 1;
  const once = new Set(containers.map(({ name }) => name)).size === containers.length;
  const label = (container: ContainerSummary): string => (once ? container.name : container.id);
  const style = {
    raw: flags.raw === true,
    // Piped text is what the program wrote and nothing else, unless it is asked for.
    marked: context.out.isTTY || flags.timestamps === true,
    nameWidth: several ? Math.max(...containers.map((container) => widthOf(label(container)))) : 0,
  };
  return {
    line: ({ container, ...record }) => {
      print(logLine(record, label(container), context.out, style));
    },
    end: () => undefined,
  };
}
