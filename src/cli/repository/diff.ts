import { nextStep, visible } from '../../base/index.ts';
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

/** What to type to go on from here: of several files to validate, one command. */
function nextOf({ changes, rejected }: Applied): string[] {
  if (changes.length > 0) return ['thuban apply'];
  const steps = new Set(rejected.map(({ file, errors: [first] }) => visible(stepOf(file, first))));
  const files = [...steps].filter((step) => step.startsWith(VALIDATE)).map((step) => step.slice(VALIDATE.length));
  const others = [...steps].filter((step) => !step.startsWith(VALIDATE));
  return [...(files.length === 0 ? [] : [VALIDATE + files.join(' ')]), ...others];
}

const VALIDATE = 'thuban validate ';

function stepOf(file: string, first: Applied['rejected'][number]['errors'][number] | undefined): string {
  return first === undefined ? VALIDATE + file : nextStep(first, file);
}
