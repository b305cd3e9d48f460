import { statSync } from 'node:fs';
import { ThubanError } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerDetail } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { asPattern, expandNames, hasPattern } from '../names.ts';
import { asThubanError, printError } from '../print-error.ts';
import { print, printJson } from '../talk.ts';
import { inspectText } from './text.ts';

/** Everything about containers. As JSON one plain name gives its object, several or a pattern a list of them. */
export async function inspect(names: readonly string[], context: Context): Promise<number> {
  const files = names.filter(isPackageFile);
  if (files.length > 0) {
    if (files.length < names.length)
      throw new ThubanError('TH6011', 'packages and containers cannot be inspected together', {
        hint: `thuban inspect ${files.join(' ')}`,
      });
    return await (await import('../package/inspect.ts')).inspectPackages(files, context);
  }
  const client = clientOf(context);
  const details: ContainerDetail[] = [];
  const isOne = names.length === 1 && !names.some(hasPattern);
  let code = 0;
  for (const name of await expandNames(client, names)) {
    try {
      details.push(await detailOf(client, name));
    } catch (thrown) {
      const error = asPattern(asThubanError(thrown), name);
      if (names.length === 1 || (error.code !== 'TH6003' && error.code !== 'TH1008')) throw error;
      printError(error, context);
      code = 1;
    }
  }
  if (context.json) printJson(isOne ? details[0] : details);
  else if (context.quiet) print(details.map(({ id }) => id));
  else {
    const now = Date.now();
    const texts = details.map((detail) => inspectText(detail, context.out, { wide: context.wide, now }).join('\n'));
    print(texts.join('\n\n'));
  }
  return code;
}

/** A rejected package is listed by the name of its file, so the daemon is asked; what it does not know was meant as a file. */
async function detailOf(client: ConsoleClient, name: string): Promise<ContainerDetail> {
  if (!name.endsWith('.tar')) return await client.container(name);
  try {
    if (name.includes('/')) throw noFile(name);
    return await client.container(name);
  } catch (error) {
    if (error instanceof ThubanError && (error.code === 'TH6001' || error.code === 'TH6003')) throw noFile(name, error);
    throw error;
  }
}

function noFile(name: string, cause?: unknown): ThubanError {
  return new ThubanError('TH1008', `there is no file \`${name}\``, { hint: 'check the path', cause });
}

/** A container may be called `x.tar` too: only a file that is there is meant as one. */
function isPackageFile(name: string): boolean {
  return name.endsWith('.tar') && statSync(name, { throwIfNoEntry: false })?.isFile() === true;
}
