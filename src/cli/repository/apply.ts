import { basename } from 'node:path';
import { formatDuration, visible } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { Applied, Change } from '../../runtime/index.ts';
import { LEAVE, stopProgress } from '../act/patience.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { explained, leavable } from '../detach.ts';
import { print, printJson, talk } from '../talk.ts';
import { pad, widthOf } from '../text-width.ts';
import { changeLines } from './change-lines.ts';
import { diff } from './diff.ts';

export interface ApplyFlags {
  dryRun?: boolean;
}

/** Has the daemon read its repositories now, and waits until the board is as they want it. */
export async function apply(flags: ApplyFlags, context: Context): Promise<number> {
  if (flags.dryRun === true) return diff({}, context);
  const client = clientOf(context);
  const began = performance.now();
  const isWatched = context.err.isTTY && !context.quiet && !context.json;
  const work = client.apply();
  const applied = await leavable(
    explained(work, isWatched ? () => waitsFor(client) : undefined),
    () => 'left: the daemon goes on bringing the board to what its repositories want   (thuban diff)',
  );
  const { changes, rejected, unsettled, failed: resting = [] } = applied;
  const failed = changes.filter(({ result }) => result?.ok === false);
  if (context.json) printJson(applied);
  else if (context.quiet) print(changes.map(({ id }) => id));
  else {
    print(doneLines(changes));
    // What could not be read is told as `diff` does.
    print(changeLines({ changes: [], rejected, unsettled, failed: resting }, context.out, context.wide));
    for (const { id, result } of failed)
      if (typeof result?.error?.['hint'] === 'string') talk(`  ${id}: ${result.error['hint']}`);
    talk(summary(applied, performance.now() - began));
  }
  return failed.length > 0 || rejected.length > 0 ? 1 : 0;
}

function summary({ changes, rejected, failed = [] }: Applied, took: number): string {
  const groups: [number, string][] = [
    [rejected.length, 'rejected'],
    [failed.length, 'failed'],
  ];
  const rest = groups.flatMap(([n, word]) => (n === 0 ? [] : `, ${n} ${word}`)).join('');
  const isGood = failed.length === 0 && rejected.length === 0;
  if (changes.length === 0) return `nothing to do${isGood ? ': the board is as its repositories want it' : ''}${rest}`;
  const done = changes.filter(({ result }) => result?.ok !== false).length;
  return `applied ${done} of ${changes.length} in ${formatDuration(took)}${rest}`;
}

/** Longer names and sentences stand out of their column. */
const WIDEST_NAME = 40;
const WIDEST_SENTENCE = 60;

/** One line for each in the past tense, below each other. */
function doneLines(changes: readonly Change[]): string[] {
  const rows = changes.map((change): [id: string, text: string, verdict: string] => {
    const { id, result } = change;
    if (result?.ok === false) return [visible(id), visible(errorText(result.error)), 'NOT'];
    return [visible(id), `${past(change)} in ${formatDuration((result?.duration ?? 0) * 1000)}`, 'ok'];
  });
  const widths = [WIDEST_NAME, WIDEST_SENTENCE].map((most, at) =>
    Math.max(0, ...rows.map((row) => widthOf(row[at] ?? '')).filter((width) => width <= most)),
  );
  return rows.map(([id, text, verdict]) => `${pad(id, widths[0] ?? 0)}   ${pad(text, widths[1] ?? 0)}   ${verdict}`);
}

function past({ action, start, restart, stop, replaces }: Change): string {
  switch (action) {
    case 'add':
      return start ? 'started' : 'added';
    case 'start':
      return 'started';
    case 'update':
      return start ? 'updated and started' : 'updated without a restart';
    case 'live':
      return 'limits changed';
    case 'replace': {
      const how = restart ? 'stopped and started' : start ? 'started' : 'added';
      return replaces === undefined ? how : `${how} in place of ${replaces}`;
    }
    case 'remove':
      return stop ? 'stopped and removed' : 'removed';
    default: // an action that only a newer daemon knows
      return action;
  }
}

/** For what, and how to leave. What is still to be done the daemon knows best. */
async function waitsFor(client: ConsoleClient): Promise<string> {
  const { changes } = await client.apply({ dry_run: true });
  const stopping = (await client.containers()).filter(({ state }) => state === 'stopping').map(({ id }) => id);
  const pending = changes.map(({ id }) => id);
  const [name] = stopping;
  const progress = stopping.length === 1 && name !== undefined ? await stopProgress(client, name) : undefined;
  const end = `${stopping.join(', ')} to end${progress === undefined ? '' : `: ${progress}`}`;
  return `waiting for ${stopping.length > 0 ? end : pending.length > 0 ? pending.join(', ') : 'the daemon'}${LEAVE}`;
}

/** Code and message, and where in which file it comes from. */
function errorText(error: Record<string, unknown> | undefined): string {
  const { code, message, details } = error ?? {};
  if (typeof message !== 'string') return 'not done';
  const { file, line, column } = fieldsOf(fieldsOf(details)['position']);
  const place =
    typeof file === 'string' && typeof line === 'number' ? ` (${basename(file)}:${line}:${String(column)})` : '';
  return `${typeof code === 'string' ? `${code} ` : ''}${message}${place}`;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
