import { explanations, find } from '../../explain/index.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../talk.ts';
import { listText } from './list.ts';
import { pageText } from './page.ts';

/** One code or word, or the list of all. */
export function explain(word: string | undefined, context: Context): number {
  if (word === undefined) {
    const all = explanations();
    if (context.json) printJson(all);
    else
      print(context.quiet ? all.map((one) => (one.kind === 'code' ? one.code : one.name)) : listText(all, context.out));
    return 0;
  }
  const found = find(word);
  if (context.json) printJson(found);
  else print(pageText(found, context.out));
  return 0;
}
