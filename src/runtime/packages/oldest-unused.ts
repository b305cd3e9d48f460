import { lstatSync } from 'node:fs';
import type { Catalogue } from '../catalogue.ts';
import { PACKAGE } from '../repository/index.ts';
import { entriesOf, whoUses } from './in-use.ts';

/** The package of a repository that has lain there longest of those that nobody needs now: what a hint to make room names. */
export function oldestUnused(catalogue: Catalogue, repository: string): string | undefined {
  const unused = [...catalogue.entries.values()].flatMap((entry) => {
    const { id, loaded } = entry.supervised;
    if (entry.repository !== repository || entry.beside !== undefined || !loaded.file.endsWith(PACKAGE)) return [];
    if (whoUses(catalogue, id, entriesOf(catalogue, loaded.file)) !== undefined) return [];
    const time = lstatSync(loaded.file, { throwIfNoEntry: false })?.mtimeMs;
    return time === undefined ? [] : { id, time };
  });
  return unused.sort((a, b) => a.time - b.time)[0]?.id;
}
