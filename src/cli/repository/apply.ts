import { formatDuration } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { Change } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { explained, leavable } from '../detach.ts';
import { print, printJson, talk } from '../talk.ts';
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
  const { changes, rejected, unsettled } = applied;
  const failed = changes.filter(({ result }) => result?.ok === false);
  if (context.json) printJson(applied);
  else if (context.quiet) print(changes.map(({ id }) => id));
  else {
    print(changes.map(doneLine));
    // What could not be read is told as `diff` does.
    print(changeLines({ changes: [], rejected, unsettled }, context.out, context.wide));
    for (const { id, result } of failed)
      if (typeof result?.error?.['hint'] === 'string') talk(`  ${id}: ${result.error['hint']}`);
    talk(summary(changes, failed.length, rejected.length, performance.now() - began));
  }
  return failed.length > 0 || rejected.length > 0 ? 1 : 0;
}

function summary(changes: readonly Change[], failed: number, rejected: number, took: number): string {
  const rest = rejected === 0 ? '' : `, ${rejected} rejected`;
  if (changes.length === 0)
    return rejected === 0 ? 'nothing to do: the board is as its repositories want it' : `nothing to do${rest}`;
  return `applied ${changes.length - failed} of ${changes.length} in ${formatDuration(took)}${rest}`;
}

/** One line in the past tense. */
function doneLine(change: Change): string {
  const { id, result } = change;
  if (result?.ok === false) return `${id}   ${errorText(result.error)}   NOT`;
  const took = formatDuration((result?.duration ?? 0) * 1000);
  return `${id}   ${past(change)} in ${took}   ok`;
}

function past({ action, start, restart, stop, replaces }: Change): string {
  switch (action) {
    case 'add':
      return start ? 'started' : 'added';
    case 'start':
      return 'started';
    case 'update':
      return start ? 'updated and started' : 'updated without a restart';
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
  const what =
    stopping.length > 0 ? `${stopping.join(', ')} to end` : pending.length > 0 ? pending.join(', ') : 'the daemon';
  return `waiting for ${what}   (Ctrl-C leaves, the daemon goes on)`;
}

function errorText(error: Record<string, unknown> | undefined): string {
  return typeof error?.['message'] === 'string' ? error['message'] : 'not done';
}
