import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, checkTrustedFolder, hasErrno, reasonOf, suggest } from '../../base/index.ts';
import type { InstallOptions, Installed, Uninstalled } from '../control.ts';
import type { RepositoryFolder } from '../repository/index.ts';
import { Installer } from './installer.ts';
import { removeParts, syncFolder } from './part-file.ts';
import type { PackageParts, Place } from './place.ts';
import { cannotWrite } from './refusals.ts';
import { Uninstaller } from './uninstaller.ts';

/** What consoles may do to the packages of the repositories. */
export class Packages {
  readonly #parts: Omit<PackageParts, 'discard'>;
  readonly #installer: Installer;
  readonly #uninstaller: Uninstaller;

  constructor(parts: Omit<PackageParts, 'discard'>) {
    this.#parts = parts;
    this.#installer = new Installer({ ...parts, discard });
    this.#uninstaller = new Uninstaller({ ...parts, discard });
  }

  /** Removes what an earlier daemon left half done. A folder that cannot be used is told of elsewhere. */
  clean(): void {
    const { repositories, options } = this.#parts;
    for (const [id, dir] of repositories.dirs) {
      try {
        checkTrustedFolder(dir);
        const removed = removeParts(dir);
        if (removed.length > 0)
          options.log('info', `removed what was left of ${removed.length} packages that had not arrived`, {
            repository: id,
            files: removed,
          });
      } catch (error) {
        options.log('debug', `${dir} was not cleaned: ${reasonOf(error)}`, { repository: id });
      }
    }
  }

  // Both begin at once, so that what they refuse at once is refused before anything is read.
  async install(
    repository: string,
    source: AsyncIterable<Uint8Array>,
    options: InstallOptions = {},
  ): Promise<Installed> {
    const place = this.#place(repository);
    usable(place, () => place.folder.rules());
    return this.#installer.install(place, source, options);
  }

  async uninstall(repository: string, name: string, options: { wipe?: boolean } = {}): Promise<Uninstalled> {
    const place = this.#place(repository);
    usable(place, () => {
      checkTrustedFolder(place.folder.dir);
    });
    return this.#uninstaller.uninstall(place, name, options);
  }

  /** Gives up what is on its way. */
  close(): Promise<void> {
    return this.#installer.close();
  }

  #place(id: string): Place {
    const { repositories, options } = this.#parts;
    const folder = repositories.folder(id);
    const own = Object.hasOwn(options.repositories, id) ? options.repositories[id] : undefined;
    if (folder !== undefined && own !== undefined) return { id, folder, options: own };
    const ids = repositories.dirs.map(([one]) => one);
    const meant = suggest(id, ids);
    throw new ThubanError('TH5014', `there is no repository \`${id}\``, {
      hint: meant === undefined ? `repositories here: ${ids.join(', ')}` : `did you mean \`${meant}\`?`,
      details: { repository: id },
    });
  }
}

/** @throws ThubanError why nothing is done with this repository. */
function usable({ id, folder }: Place, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (error instanceof ThubanError)
      throw new ThubanError(error.code, `repository \`${id}\` is not used: ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        details: { ...error.details, repository: id },
        cause: error,
      });
    throw cannotWrite(folder.dir, error);
  }
}

async function discard(folder: RepositoryFolder, name: string): Promise<void> {
  try {
    unlinkSync(join(folder.dir, name));
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw cannotWrite(folder.dir, error);
  }
  await folder.settle(name);
  await syncFolder(folder.dir);
}
