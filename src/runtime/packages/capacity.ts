import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, count, formatBytes } from '../../base/index.ts';
import { PACKAGE, isRead, type RepositoryOptions } from '../repository/index.ts';
import type { Place } from './place.ts';

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
 * @param unused which package could go; asked only when there is no room
 * @throws ThubanError TH5008
 */
export function checkCapacity(
  { id, options }: Pick<Place, 'id' | 'options'>,
  holding: Holding,
  added: Holding,
  unused: () => string | undefined,
): void {
  const { capacityNumber = Infinity, capacitySize = Infinity } = options;
  if (holding.number + added.number <= capacityNumber && holding.size + added.size <= capacitySize) return;
  const oldest = unused();
  const about = {
    hint:
      oldest === undefined
        ? 'every package of it is in use: raise its capacity, or thuban stop and thuban uninstall one'
        : `thuban uninstall ${oldest}, the oldest that is not in use`,
    details: { repository: id, ...(oldest === undefined ? {} : { oldest_unused: oldest }) },
  };
  if (holding.number + added.number > capacityNumber)
    throw new ThubanError(
      'TH5008',
      `repository \`${id}\` takes ${count(capacityNumber, 'package')}, and holds ${holding.number}`,
      about,
    );
  throw new ThubanError(
    'TH5008',
    `the package needs ${formatBytes(added.size)}, ${formatBytes(roomIn(options, holding))} of ${formatBytes(capacitySize)} in repository \`${id}\` are free`,
    about,
  );
}
