import type { Catalogue, Entry } from '../catalogue.ts';
import { resourcesInUse } from '../resources.ts';
import { isActive, type State } from '../states.ts';

/** Who needs a package: its own containers that run, and others that mount its files. */
export interface Use {
  running: { id: string; state: State }[];
  users: string[];
}

/** The containers that go on from this file, or are kept because of it. */
export function entriesOf(catalogue: Catalogue, file: string): Entry[] {
  return [...catalogue.entries.values()].filter(
    ({ supervised, kept }) => supervised.loaded.file === file || (kept?.why === 'rejected' && kept.file === file),
  );
}

/** undefined: nobody. `entries` are those of the package's file. */
export function whoUses(catalogue: Catalogue, id: string, entries: readonly Entry[]): Use | undefined {
  const running = entries
    .map(({ supervised }) => ({ id: supervised.id, state: supervised.state }))
    .filter(({ state }) => isActive(state) || state === 'stopping');
  const users = usersOf(catalogue, id).filter((user) => !running.some((one) => one.id === user));
  return running.length + users.length === 0 ? undefined : { running, users };
}

/** Containers that run and mount files of this one, or are being started with them. */
function usersOf(catalogue: Catalogue, id: string): string[] {
  return [...catalogue.entries.values()].flatMap((entry) => {
    const { supervised } = entry;
    const { container, state, loaded } = supervised;
    if (container === undefined && state !== 'starting') return [];
    const used = container?.record.resources ?? resourcesInUse(loaded.manifest, catalogue.resourcesFor(entry));
    return used.includes(id) ? [supervised.id] : [];
  });
}
