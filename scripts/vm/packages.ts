import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, retried, VmError } from './command.ts';
import type { Architecture } from './machines.ts';

/**
 * Debian packages of any architecture, from the sources that this machine is set up with. apt gets lists, cache and an empty status file
 * of its own: it then resolves every dependency from nothing, and neither writes to nor believes the system's own state.
 */
export class DebianPackages {
  readonly #folder: string;
  readonly #options: readonly string[];
  #updated = false;

  /** `folder` is taken into use and may be removed afterwards. */
  constructor(folder: string, arch: Architecture) {
    this.#folder = folder;
    for (const name of ['lists/partial', 'cache/partial']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'status'), '');
    const settings = {
      'APT::Architecture': arch,
      'APT::Architectures': arch,
      'APT::Install-Recommends': 'no',
      'APT::Sandbox::User': 'root',
      'Acquire::Retries': '3',
      'Dir::State::Lists': join(folder, 'lists'),
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache::archives': join(folder, 'cache'),
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'Debug::NoLocking': 'true',
    };
    this.#options = ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  }

  /** What a package that only points at another one depends on: the kernel of a release. */
  async dependency(name: string, prefix: string): Promise<string> {
    await this.#update();
    const text = await command('apt-cache', [...this.#options, 'depends', name]).catch(() => '');
    const found = new RegExp(`Depends: (${prefix}\\S+)`).exec(text)?.[1];
    if (found === undefined)
      throw new VmError(`the sources of apt have no package ${name}`, 'those of Debian 12 (bookworm) have it');
    return found;
  }

  /** Unpacks one package without what it depends on. No script of a package is run. */
  async unpackOne(name: string, into: string): Promise<void> {
    await this.#update();
    await retried(`download of ${name}`, () =>
      command('apt-get', [...this.#options, 'download', name], { cwd: join(this.#folder, 'cache') }),
    );
    await this.#unpack(into);
  }

  /** Unpacks packages with all that they depend on. */
  async unpackAll(names: readonly string[], into: string): Promise<void> {
    await this.#update();
    await retried(`download of ${names.length} packages`, () =>
      command('apt-get', [...this.#options, '--yes', '--download-only', 'install', ...names]),
    );
    await this.#unpack(into);
  }

  async #update(): Promise<void> {
    if (this.#updated) return;
    try {
      await retried('apt-get update', () => command('apt-get', [...this.#options, 'update']));
    } catch (error) {
      // A mirror that is just being filled has one index that does not fit the others, for days at times. What the other indexes list
      // is as good, and a package that none lists is an error of its own.
      if (!(error instanceof VmError)) throw error;
      console.error(`vm: ${error.message}\nvm: going on with the indexes that could be read`);
    }
    this.#updated = true;
  }

  async #unpack(into: string): Promise<void> {
    const cache = join(this.#folder, 'cache');
    for (const name of readdirSync(cache).filter((each) => each.endsWith('.deb'))) {
      const archive = join(this.#folder, 'package.tar');
      await command('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" > "$2"', 'sh', join(cache, name), archive]);
      // A folder that a package ships must not replace the link that a merged /usr has there.
      await command('tar', ['--extract', '--keep-directory-symlink', '--directory', into, '--file', archive]);
      rmSync(archive);
      rmSync(join(cache, name));
    }
  }
}
