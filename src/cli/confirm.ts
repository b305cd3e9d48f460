import { ThubanError } from '../base/index.ts';
import type { Context } from './context.ts';
import { talk } from './talk.ts';

/**
 * Asks before service is lost at a stroke; the answer is no unless it is yes. `loss` ends the sentence "this would …". TH6009 where
 * nobody can be asked.
 */
export async function confirmed(loss: string, yes: boolean, context: Context): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !context.err.isTTY || context.json)
    throw new ThubanError('TH6009', `this would ${loss}; not asked without a terminal`, { hint: '--yes' });
  const { createInterface } = await import('node:readline');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) => {
    reader.once('close', () => {
      resolve(''); // end of file or Ctrl-C
    });
    reader.question(`this would ${loss}. Go on? [y/N] `, resolve);
  });
  reader.close();
  const isYes = /^y(es)?$/i.test(answer.trim());
  if (!isYes) talk('nothing was done');
  return isYes;
}

/** `3 running containers: camera:2.1.0, gateway:1.4.2, mqtt:1.0.0`, shortened after ten names. */
export function listed(ids: readonly string[], what: string): string {
  const shown = ids.slice(0, 10).join(', ');
  const more = ids.length > 10 ? ` and ${ids.length - 10} more` : '';
  return `${ids.length} ${what}${ids.length === 1 ? '' : 's'}: ${shown}${more}`;
}
