import { basename } from 'node:path';
import { ThubanError } from '../../base/index.ts';
import { rejectedId, type Entry } from '../catalogue.ts';
import type { Uninstalled } from '../control.ts';
import { keptBy, removeKept } from '../data-folders.ts';
import { PACKAGE } from '../repository/index.ts';
import { entriesOf, whoUses, type Use } from './in-use.ts';
import type { PackageParts, Place } from './place.ts';
import { shuttingDown } from './refusals.ts';

/** Takes packages out. */
export class Uninstaller {
  readonly #parts: PackageParts;

  constructor(parts: PackageParts) {
    this.#parts = parts;
  }

  async uninstall(place: Place, name: string, { wipe = false }: { wipe?: boolean } = {}): Promise<Uninstalled> {
    const { fleet, history, options, bring, discard } = this.#parts;
    if (fleet.isClosing) throw shuttingDown();
    const { id, file } = this.#find(place, name);
    if (!file.endsWith(PACKAGE))
      throw new ThubanError('TH6005', `\`${id}\` is a plain manifest, and no package`, {
        hint: `rm ${file}`,
        details: { id, file },
      });
    const entries = entriesOf(fleet.catalogue, file);
    const use = whoUses(fleet.catalogue, id, entries);
    if (use !== undefined) throw inUse(id, file, use);
    const kept = wipe ? this.#keptBy(id, entries) : [];
    // From here on none of it is started. Nothing was waited for since it was looked at.
    for (const { supervised } of entries) supervised.isLeaving = true;
    try {
      await removeKept(kept); // first, so that it can be asked for again if it is not all done
      await discard(place.folder, basename(file));
      history.add({ type: 'uninstalled', container: id, repository: place.id, file });
      options.log('info', `${id} uninstalled`, {
        container: id,
        repository: place.id,
        file,
        ...(wipe ? { wiped: kept } : {}),
      });
      const { outcome } = await bring(id);
      if (outcome?.error !== undefined && entriesOf(fleet.catalogue, file).length > 0) throw outcome.error;
    } finally {
      // Another file may define the same container, and now counts.
      for (const { supervised } of entries) supervised.isLeaving = false;
    }
    return { id, repository: place.id, file };
  }

  /** The folders of what a container keeps. All its versions share one, so none of them may be installed any more. */
  #keptBy(id: string, entries: readonly Entry[]): string[] {
    const { fleet, options } = this.#parts;
    const own = entries.find(({ supervised }) => supervised.id === id);
    if (own === undefined)
      throw new ThubanError('TH6005', `\`${id}\` is rejected, so that nobody knows whose data to remove`, {
        hint: 'thuban uninstall without --wipe; what it kept stays in data_dir',
        details: { id },
      });
    const { name } = own.supervised.loaded.manifest;
    const others = [...fleet.catalogue.entries.values()].filter(
      (entry) => !entries.includes(entry) && entry.supervised.loaded.manifest.name === name,
    );
    if (others.length > 0) {
      const ids = others.map(({ supervised }) => supervised.id);
      throw new ThubanError('TH5006', `the data of \`${id}\` is also that of \`${ids.join('`, `')}\``, {
        hint: `thuban uninstall ${id} without --wipe, or ${ids.join(' ')} first`,
        details: { id, used_by: ids },
      });
    }
    return keptBy(options.dataDir, name);
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
}

function inUse(id: string, file: string, { running, users }: Use): ThubanError {
  const ids = running.length > 0 ? running.map((one) => one.id) : users;
  const states = running.map((one) => `\`${one.id}\` is ${one.state}`).join(', ');
  const names = users.map((one) => `\`${one}\``).join(', ');
  const message =
    running.length === 0
      ? `\`${id}\` is used by ${names}`
      : ids.includes(id)
        ? states
        : `\`${id}\` is in use: ${states}`;
  return new ThubanError('TH5006', message, {
    hint: `thuban stop ${ids.join(' ')}`,
    details: { id, file, used_by: ids },
  });
}
