import { visible } from '../../base/index.ts';
import type { Applied } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { print, printJson, talk } from '../talk.ts';
import { changeLines, summaryOf } from './change-lines.ts';

export interface DiffFlags {
  exitCode?: boolean;
}

const DIFFERENT = 4;

/** What the repositories hold against what the daemon has; nothing is done. */
export async function diff(flags: DiffFlags, context: Context): Promise<number> {
  const applied = await clientOf(context).apply({ dry_run: true });
  const { changes, rejected } = applied;
  if (context.json) printJson(applied);
  else if (context.quiet) print(changes.map(({ id }) => id));
  else {
    print(changeLines(applied, context.out, context.wide));
    const summary = summaryOf(applied);
    if (summary === undefined) talk('no difference: the board is as its repositories want it');
    else talk([`${summary}.`, ...nextOf(applied)].join('   '));
  }
  return flags.exitCode === true && (changes.length > 0 || rejected.length > 0) ? DIFFERENT : 0;
}

/** The command that goes on from here. */
function nextOf({ changes, rejected }: Applied): string[] {
  if (changes.length > 0) return ['thuban apply'];
  const files = rejected.map(({ file }) => visible(file));
  return files.length === 0 ? [] : [`thuban validate ${files.join(' ')}`];
}
