import { ThubanError } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerSummary, EventQuery, EventRecord } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { readSince } from '../durations.ts';
import { INTERRUPTED, Interrupt } from '../interrupt.ts';
import { JsonStream } from '../json-stream.ts';
import { hasPattern, matchesName } from '../names.ts';
import { readTail } from '../tail.ts';
import { print, talk } from '../talk.ts';
import { eventLine } from './describe.ts';
import { followEvents } from './follow.ts';
import { checkTypes } from './types.ts';

export interface EventsFlags {
  follow?: boolean;
  tail?: string;
  since?: string;
  type?: string[];
  container?: string[];
}

/** Of a history that may be long, who follows wants to see what happens next. */
const SHOWN_BEFORE_FOLLOWING = 10;

/** What happened to containers, and with `--follow` what happens. */
export async function events(flags: EventsFlags, context: Context): Promise<number> {
  const follow = flags.follow === true;
  const since = flags.since === undefined ? undefined : readSince(flags.since, { numbered: true });
  const unlimited = flags.tail !== undefined || since !== undefined || !follow;
  const tail = readTail(flags.tail) ?? (unlimited ? Infinity : SHOWN_BEFORE_FOLLOWING);
  const types = flags.type === undefined ? undefined : words(flags.type);
  if (types !== undefined) checkTypes(types);
  const containers = flags.container === undefined ? undefined : words(flags.container);
  const filter: EventQuery = {
    ...(types === undefined ? {} : { types }),
    ...(containers === undefined ? {} : { containers }),
  };
  const client = clientOf(context);
  if (containers !== undefined && !context.quiet) for (const line of await unknownOf(containers, client)) talk(line);
  using interrupt = new Interrupt();
  const json = context.json ? new JsonStream(follow) : undefined;
  const show = (event: EventRecord): void => {
    if (json !== undefined) json.record(event);
    else print(eventLine(event, context.out, { wide: context.wide, types }));
  };
  const start = since !== undefined && 'seq' in since ? { since: since.seq } : {};
  const past: EventRecord[] = [];
  for await (const event of client.events({ ...filter, ...start }, interrupt.signal)) past.push(event);
  const from = since !== undefined && 'time' in since ? Date.parse(since.time) : -Infinity;
  const wanted = past.filter(({ time }) => Date.parse(time) >= from);
  for (const event of tail === Infinity ? wanted : wanted.slice(Math.max(0, wanted.length - tail))) show(event);
  if (follow && !interrupt.happened) {
    const last = past.at(-1);
    const position = last === undefined ? start : { since: last.seq, epoch: last.epoch };
    const remark = (text: string): void => {
      if (!context.quiet) talk(`- ${text} -`);
    };
    const live = followEvents(client, { ...filter, ...position }, { signal: interrupt.signal, remark });
    for await (const event of live) show(event);
  }
  json?.end();
  return interrupt.happened ? INTERRUPTED : 0;
}

/** Nothing wrong with a container that is to come or is gone, but it may as well be a slip. */
async function unknownOf(containers: readonly string[], client: ConsoleClient): Promise<string[]> {
  let known: ContainerSummary[];
  try {
    known = await client.containers();
  } catch (error) {
    // Who may follow events may perhaps not list containers.
    if (error instanceof ThubanError && error.code === 'TH6002') return [];
    throw error;
  }
  return containers
    .filter((name) => !known.some((container) => matchesName(name, container)))
    .map((name) => `no container ${hasPattern(name) ? 'matches' : 'is called'} \`${name}\` now   (thuban ps)`);
}

/** `--type a,b --type c`. */
function words(given: readonly string[]): string[] {
  return given.flatMap((text) => text.split(',')).filter((word) => word !== '');
}
