import { basename } from 'node:path';
import { ThubanError } from '../../base/index.ts';
import { rejectedId } from '../catalogue.ts';
import type { Uninstalled } from '../control.ts';
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

  async uninstall(place: Place, name: string): Promise<Uninstalled> {
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
    // From here on none of it is started. Nothing was waited for since it was looked at.
    for (const { supervised } of entries) supervised.isLeaving = true;
    try {
      await discard(place.folder, basename(file));
      history.add({ type: 'uninstalled', container: id, repository: place.id, file });
      options.log('info', `${id} uninstalled`, { container: id, repository: place.id, file });
      const { outcome } = await bring(id);
      if (outcome?.error !== undefined && entriesOf(fleet.catalogue, file).length > 0) throw outcome.error;
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
