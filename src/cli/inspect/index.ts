import type { ContainerDetail } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { expandNames, hasPattern } from '../names.ts';
import { print, printJson } from '../talk.ts';
import { inspectText } from './text.ts';

/** Everything about containers. As JSON one plain name gives its object, several or a pattern a list of them. */
export async function inspect(names: readonly string[], context: Context): Promise<number> {
  const client = clientOf(context);
  const details: ContainerDetail[] = [];
  for (const name of await expandNames(client, names)) details.push(await client.container(name));
  const isOne = names.length === 1 && !names.some(hasPattern);
  if (context.json) printJson(isOne ? details[0] : details);
  else if (context.quiet) print(details.map(({ id }) => id));
  else {
    const now = Date.now();
    const texts = details.map((detail) => inspectText(detail, context.out, { wide: context.wide, now }).join('\n'));
    print(texts.join('\n\n'));
  }
  return 0;
}
