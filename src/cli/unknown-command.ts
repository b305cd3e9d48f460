import { ThubanError, suggest } from '../base/index.ts';
import { commands, familyOf, nameOf } from './commands/index.ts';

/** A word that is no command, or none of its family: what was probably meant, and where the list is. */
export function unknownCommand(word: string, family?: string): ThubanError {
  const names =
    family === undefined
      ? new Set(commands.flatMap((one) => [familyOf(one), ...(one.aliases ?? [])]))
      : new Set(commands.filter((one) => familyOf(one) === family).map((one) => nameOf(one).slice(family.length + 1)));
  const longer = [...names].filter((name) => name.startsWith(word));
  const meant = suggest(word, names) ?? (longer.length === 1 ? longer[0] : undefined);
  const help = family === undefined ? 'thuban --help' : `thuban ${family} --help`;
  const hint = meant === undefined ? help : `did you mean ${meant}?   (${help})`;
  return new ThubanError('TH6011', `unknown command \`${word}\``, { hint });
}
