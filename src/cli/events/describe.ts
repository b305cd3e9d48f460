import { basename } from 'node:path';
import { count, formatBytes, formatDuration, visible } from '../../base/index.ts';
import {
  exitSentence,
  oomSentence,
  pressureSentence,
  skippedSentence,
  type EventRecord,
  type Exit,
} from '../../runtime/index.ts';
import type { Terminal } from '../terminal.ts';
import { cutEnd, pad } from '../text-width.ts';
import { clockTime } from '../times.ts';
import { typeWidth } from './types.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What every event has, and stands in columns of its own. */
const COMMON: ReadonlySet<string> = new Set(['epoch', 'seq', 'time', 'type', 'container']);

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What happened, in one sentence, in the words of the vocabulary. What only a newer daemon tells is told as it comes. */
export function describeEvent(event: EventRecord): string {
  switch (event.type) {
    case 'started':
      return `pid ${text(event['pid'])}${degraded(event)}`;
    case 'adopted':
      return `pid ${text(event['pid'])}, runs since ${text(event['started_at'])}`;
    case 'exited':
      return exited(event['exit'] as Exit);
    case 'oom':
      return oomSentence(event['oom'] as Parameters<typeof oomSentence>[0]);
    case 'pressure':
      return pressureSentence(event as unknown as Parameters<typeof pressureSentence>[0]);
    case 'restarting':
      return `${text(event['number'])} of ${text(event['max'])}, in ${formatDuration(Number(event['delay']) * 1000)}`;
    case 'state': {
      const why = typeof event['message'] === 'string' ? `: ${event['message']}` : '';
      return `${text(event['state'])}, was ${text(event['previous'])}${why}`;
    }
    case 'paused':
      return `${text(event['processes'])} ${event['processes'] === 1 ? 'process' : 'processes'}`;
    case 'resumed':
      return typeof event['duration'] === 'number' ? `after ${formatDuration(event['duration'] * 1000)}` : '';
    case 'scheduled':
      return `due ${text(event['due'])}${event['catch_up'] === true ? ', makes up for a missed run' : ''}${late(event)}`;
    case 'skipped':
      return skippedSentence(event as unknown as Parameters<typeof skippedSentence>[0]);
    case 'leftover':
      return Array.isArray(event['removed'])
        ? `removed ${event['removed'].map(text).join(', ')}`
        : `could not remove ${(event['paths'] as string[]).join(', ')}`;
    case 'shutdown':
      return event['keep'] === true ? 'containers are kept for the next daemon' : 'containers are stopped';
    case 'manifest_loaded':
      return text(event['file']);
    case 'manifest_rejected':
      return rejected(event);
    case 'manifest_removed':
      return `${text(event['file'])} is gone`;
    case 'installed':
      return installed(event);
    case 'uninstalled':
      return text(event['file']);
    case 'updated':
      return updated(event);
    default:
      return Object.entries(event)
        .filter(([key]) => !COMMON.has(key))
        .map(([key, value]) => `${key} ${text(value)}`)
        .join(', ');
  }
}

function updated(event: EventRecord): string {
  const changed = Array.isArray(event['changed']) ? event['changed'].map(text) : [];
  const how = event['how'] === 'replace' ? 'restarted' : event['how'] === 'live' ? 'while it runs' : 'not restarted';
  const by = typeof event['differs'] === 'boolean' ? 'limits, by hand' : how;
  return `${by}, ${changed.length === 0 ? 'only the text differs' : `changed: ${changed.join(', ')}`}`;
}

/** What a schedule of seconds cannot avoid is not worth a word. */
const LATE_MS = 1000;

function late(event: EventRecord): string {
  const ms = Number(event['late_ms']);
  return ms >= LATE_MS ? `, ${formatDuration(ms)} late` : '';
}

function installed({ file, size, signer }: EventRecord): string {
  const signed = typeof signer === 'string' ? `, signed by ${signer}` : '';
  return `${text(file)}, ${formatBytes(Number(size))}${signed}`;
}

function degraded(event: EventRecord): string {
  const conditions = Array.isArray(event['conditions']) ? event['conditions'] : [];
  return conditions
    .map(fieldsOf)
    .map(({ type, message }) => `, ${text(type)}: ${text(message)}`)
    .join('');
}

function exited(exit: Exit): string {
  const how = exit.reason === 'oom_killed' ? 'oom_killed' : exitSentence(exit);
  // A program that never began has no duration.
  return exit.reason === 'start_failed' ? how : `${how} after ${formatDuration(exit.duration * 1000)}`;
}

function rejected(event: EventRecord): string {
  const errors = Array.isArray(event['errors']) ? event['errors'] : [];
  const { line, column, message } = fieldsOf(errors[0]);
  const place = typeof line === 'number' ? `${line}:${text(column)} ` : '';
  return `${count(errors.length, 'error')}${message === undefined ? '' : `, ${place}${text(message)}`}`;
}

/** The container, or the file of a manifest that does not even tell its name. */
function subject({ container, ...event }: EventRecord): string {
  if (container !== undefined) return container;
  return typeof event['file'] === 'string' ? basename(event['file']) : '';
}

/** One line: time, type, container, what happened. On a terminal it fits, unless `wide`. `types`: no others are shown. */
export function eventLine(
  event: EventRecord,
  terminal: Terminal,
  { wide, types }: { wide: boolean; types?: readonly string[] | undefined },
): string {
  if (event.type === 'gap') return terminal.style('yellow', `- ${gap(event)} -`);
  const time = clockTime(event.time, terminal, { milliseconds: true });
  const head = `${time}  ${pad(event.type, typeWidth(types))}  ${pad(visible(subject(event)), 13)}  `;
  const line = `${head}${visible(describeEvent(event))}`.trimEnd();
  const shown = terminal.isTTY && !wide ? cutEnd(line, terminal.columns, terminal.ascii) : line;
  const style = toneOf(event);
  return style === undefined ? shown : shown.replace(event.type, () => terminal.style(style, event.type));
}

function gap(event: EventRecord): string {
  const { from, to } = event;
  if (typeof from !== 'number' || typeof to !== 'number')
    return 'events lost: the daemon was started anew, and nobody knows how many it had told of before';
  return `${count(to - from + 1, 'event')} lost: the history does not hold them any more (seq ${from}..${to})`;
}

function toneOf(event: EventRecord): 'red' | 'yellow' | 'green' | undefined {
  if (event.type === 'oom' || event.type === 'manifest_rejected') return 'red';
  if (event.type === 'state' && event['state'] === 'failed') return 'red';
  if (['restarting', 'leftover', 'skipped', 'pressure'].includes(event.type)) return 'yellow';
  return event.type === 'started' || event.type === 'adopted' ? 'green' : undefined;
}
