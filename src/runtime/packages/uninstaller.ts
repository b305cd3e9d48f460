import { basename } from 'node:path';
import { ThubanError } from '../../base/index.ts';
import { rejectedId, type Entry } from '../catalogue.ts';
import type { Uninstalled } from '../control.ts';
import { PACKAGE } from '../repository/index.ts';
import { resourcesInUse } from '../resources.ts';
import { isActive } from '../states.ts';
import type { PackageParts, Place } from './place.ts';
import { shuttingDown } from './refusals.ts';

/** Takes packages out. */
export class Uninstaller {
  readonly #parts: PackageParts;

  constructor(parts: PackageParts) {
    this.#parts = parts;
  }

  async uninstall(place: Place, name: string): Promise<Uninstalled> {
    const { fleet, history, options, bring, discard } = this.#parts;
    if (fleet.isClosing) throw shuttingDown();
    const { id, file } = this.#find(place, name);
    if (!file.endsWith(PACKAGE))
      throw new ThubanError('TH6005', `\`${id}\` is a plain manifest, and no package`, {
        hint: `rm ${file}`,
        details: { id, file },
      });
    const entries = this.#of(file);
    this.#checkUnused(id, file, entries);
    // From here on none of it is started. Nothing was waited for since it was looked at.
    for (const { supervised } of entries) supervised.isLeaving = true;
    try {
      await discard(place.folder, basename(file));
      history.add({ type: 'uninstalled', container: id, repository: place.id, file });
      options.log('info', `${id} uninstalled`, { container: id, repository: place.id, file });
      const { outcome } = await bring(id);
      if (outcome?.error !== undefined && this.#of(file).length > 0) throw outcome.error;
    } finally {
      // Another file may define the same container, and now counts.
      for (const { supervised } of entries) supervised.isLeaving = false;
    }
    return { id, repository: place.id, file };
  }

  #find({ id: repository }: Place, name: string): { id: string; file: string } {
    const { catalogue } = this.#parts.fleet;
    const own = catalogue.sorted.filter((entry) => entry.repository === repository);
    const entry =
      own.find(({ supervised }) => supervised.id === name) ??
      own.find(({ supervised }) => supervised.loaded.manifest.name === name);
    if (entry !== undefined) return { id: entry.supervised.id, file: entry.supervised.loaded.file };
    const rejected = catalogue.rejected.find((one) => one.repository === repository && rejectedId(one) === name);
    if (rejected !== undefined) return { id: name, file: rejected.rejected.file };
    throw new ThubanError('TH6003', `no package \`${name}\` in repository \`${repository}\``, {
      hint: 'thuban ps lists them; a rejected one goes by the name of its file',
      details: { name, repository },
    });
  }

  /** The containers that go on from this file, or are kept because of it. */
  #of(file: string): Entry[] {
    return [...this.#parts.fleet.catalogue.entries.values()].filter(
      ({ supervised, kept }) => supervised.loaded.file === file || (kept?.why === 'rejected' && kept.file === file),
    );
  }

  /** @throws ThubanError TH5006 */
  #checkUnused(id: string, file: string, entries: readonly Entry[]): void {
    const running = entries
      .map(({ supervised }) => supervised)
      .filter(({ state }) => isActive(state) || state === 'stopping');
    const ids = running.map((one) => one.id);
    if (running.length > 0) {
      const states = running.map((one) => `\`${one.id}\` is ${one.state}`).join(', ');
      throw new ThubanError('TH5006', ids.includes(id) ? states : `\`${id}\` is in use: ${states}`, {
        hint: `thuban stop ${ids.join(' ')}`,
        details: { id, file, used_by: ids },
      });
    }
    const users = this.#usersOf(id).filter((one) => !ids.includes(one));
    if (users.length > 0)
      throw new ThubanError('TH5006', `\`${id}\` is used by ${users.map((one) => `\`${one}\``).join(', ')}`, {
        hint: `thuban stop ${users.join(' ')}`,
        details: { id, file, used_by: users },
      });
  }

  /** Containers that run and mount files of this one, or are being started with them. */
  #usersOf(id: string): string[] {
    const { catalogue } = this.#parts.fleet;
    const offered = catalogue.resources;
    return [...catalogue.entries.values()].flatMap(({ supervised }) => {
      const { container, state, loaded } = supervised;
      if (container === undefined && state !== 'starting') return [];
      const used = container?.record.resources ?? resourcesInUse(loaded.manifest, offered);
      return used.includes(id) ? [supervised.id] : [];
    });
  }
}
