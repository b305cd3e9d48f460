import { ThubanError, suggest } from '../base/index.ts';
import type { ConsoleClient } from '../console/index.ts';
import type { ContainerSummary } from '../runtime/index.ts';

/** A manifest with errors has a row in every list, but is no container that could do anything. */
export function isRejected({ state }: ContainerSummary): boolean {
  return state === 'rejected';
}

export function hasPattern(name: string): boolean {
  return name.includes('*');
}

/** `cam*` and `cam*:2.*`; everything but `*` stands for itself. */
function formOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su');
}

/** Whether `name`, `name:version` or a pattern of either means this container. */
export function matchesName(name: string, container: Pick<ContainerSummary, 'id' | 'name'>): boolean {
  if (!hasPattern(name)) return name === container.id || name === container.name;
  const form = formOf(name);
  return form.test(container.id) || form.test(container.name);
}

/**
 * What the names of a command line stand for. A name is passed on as it is, because the daemon knows best what it means; only a pattern
 * needs the list; of that it takes only containers that are meant. Each container once, in the order of the words. A pattern that matches nothing
 * is passed on too, and refused in its turn: the others are tried all the same.
 */
export async function expandNames(
  client: ConsoleClient,
  names: readonly string[],
  isMeant: (container: ContainerSummary) => boolean = () => true,
): Promise<string[]> {
  if (!names.some(hasPattern)) return [...new Set(names)];
  const all = (await client.containers()).filter(isMeant);
  const found = names.flatMap((name) => {
    if (!hasPattern(name)) return [name];
    const ids = all.filter((container) => matchesName(name, container)).map(({ id }) => id);
    return ids.length === 0 ? [name] : ids;
  });
  return [...new Set(found)];
}

/** What the daemon says of a pattern that was passed on, in the words for a pattern. */
export function asPattern(error: ThubanError, name: string): ThubanError {
  return error.code === 'TH6003' && hasPattern(name) ? nobody(name, []) : error;
}

/** The containers that names mean, and patterns of those that can run, each once; `missing`: TH6003 with a suggestion for a name that nobody has. */
export async function resolveNames(
  client: ConsoleClient,
  names: readonly string[],
): Promise<{ found: ContainerSummary[]; missing: ThubanError[] }> {
  const all = await client.containers();
  const missing: ThubanError[] = [];
  const found = names.flatMap((name) => {
    const matching = all.filter(
      (container) => matchesName(name, container) && !(hasPattern(name) && isRejected(container)),
    );
    if (matching.length === 0) missing.push(nobody(name, all));
    if (hasPattern(name)) return matching;
    // The list has the newest version first, which is the one that a name alone means; a file that is rejected may stand before it.
    return matching.find((container) => !isRejected(container)) ?? matching[0] ?? [];
  });
  return { found: [...new Set(found)], missing };
}

function nobody(name: string, all: readonly ContainerSummary[]): ThubanError {
  if (hasPattern(name))
    return new ThubanError('TH6003', `no container matches \`${name}\``, { hint: 'thuban ps', details: { name } });
  const meant = suggest(
    name,
    name.includes(':') ? all.map(({ id }) => id) : new Set(all.map((container) => container.name)),
  );
  return new ThubanError('TH6003', `no container \`${name}\``, {
    hint: meant === undefined ? 'thuban ps' : `did you mean \`${meant}\`?`,
    details: { name },
  });
}
