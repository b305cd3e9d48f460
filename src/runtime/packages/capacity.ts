import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, count, formatBytes } from '../../base/index.ts';
import { PACKAGE, isRead, type RepositoryOptions } from '../repository/index.ts';

/** How many package files a folder holds, whatever is in them, and their bytes. */
export interface Holding {
  number: number;
  size: number;
}

export function holdingOf(dir: string): Holding {
  const sizes = readdirSync(dir)
    .filter((name) => name.endsWith(PACKAGE) && isRead(name))
    .flatMap((name) => lstatSync(join(dir, name), { throwIfNoEntry: false })?.size ?? []);
  return { number: sizes.length, size: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Bytes that may still be added. */
export function roomIn({ capacitySize = Infinity }: RepositoryOptions, { size }: Holding): number {
  return Math.max(0, capacitySize - size);
}

/**
 * @param added what is about to come, with those that are on their way already
 * @throws ThubanError TH5008
 */
export function checkCapacity(id: string, options: RepositoryOptions, holding: Holding, added: Holding): void {
  const { capacityNumber = Infinity, capacitySize = Infinity } = options;
  const about = {
    hint: 'uninstall what is not needed: `thuban ps`, `thuban uninstall NAME`',
    details: { repository: id },
  };
  if (holding.number + added.number > capacityNumber)
    throw new ThubanError(
      'TH5008',
      `repository \`${id}\` takes ${count(capacityNumber, 'package')}, and holds ${holding.number}`,
      about,
    );
  if (holding.size + added.size > capacitySize)
    throw new ThubanError(
      'TH5008',
      `the package needs ${formatBytes(added.size)}, ${formatBytes(roomIn(options, holding))} of ${formatBytes(capacitySize)} in repository \`${id}\` are free`,
      about,
    );
}
