import { basename, join } from 'node:path';
import { ThubanError, reasonOf } from '../../base/index.ts';
import type { Manifest } from '../../manifest/index.ts';
import { receivePackage, type PackageResult, type PackageSink } from '../../package/index.ts';
import type { InstallOptions, Installed } from '../control.ts';
import type { Outcome } from '../executor.ts';
import { containerId } from '../plan.ts';
import { Turnstile } from '../turnstile.ts';
import { checkCapacity, holdingOf, roomIn, type Holding } from './capacity.ts';
import { oldestUnused } from './oldest-unused.ts';
import { packageFile } from './package-file.ts';
import { PartFile } from './part-file.ts';
import type { PackageParts, Place } from './place.ts';
import { cannotWrite, notAccepted, notThere, shuttingDown } from './refusals.ts';

/** Each costs a descriptor, a few hundred KiB and its share of the disk; the others wait and send nothing meanwhile. */
const AT_ONCE = 4;

/** Takes packages in. Of each there is nothing, or all of it. */
export class Installer {
  readonly #parts: PackageParts;
  readonly #turnstile = new Turnstile(AT_ONCE);
  /** Bytes that were announced of those that are on their way, by repository. */
  readonly #coming = new Set<{ repository: string; size: number }>();
  /** Ids of those that are on their way: of two the first one counts. */
  readonly #claimed = new Set<string>();
  /** How many have come to their end, whichever. */
  #done = 0;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(parts: PackageParts) {
    this.#parts = parts;
  }

  async install(place: Place, source: AsyncIterable<Uint8Array>, options: InstallOptions): Promise<Installed> {
    const work = this.#install(place, source, options);
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  /** Gives up what is on its way. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
  }

  async #install(place: Place, source: AsyncIterable<Uint8Array>, { size = 0 }: InstallOptions): Promise<Installed> {
    const { installSize } = this.#parts.options;
    const coming = { repository: place.id, size };
    this.#coming.add(coming);
    try {
      this.#checkOpen();
      if (size > installSize) throw tooLarge(size, installSize);
      this.#checkRoom(place);
      await this.#enter();
      try {
        return await this.#receive(place, untilAborted(source, this.#closing.signal), coming);
      } finally {
        this.#done++;
        this.#turnstile.leave();
      }
    } finally {
      this.#coming.delete(coming);
    }
  }

  /** Waits for its turn as long as others come to their end. @throws ThubanError TH6007, TH6014 */
  async #enter(): Promise<void> {
    const { signal } = this.#closing;
    const waiting = new AbortController();
    const giveUp = (): void => {
      waiting.abort();
    };
    let seen = this.#done;
    const timer = setInterval(() => {
      if (seen === this.#done) giveUp();
      seen = this.#done;
    }, this.#parts.options.installPatience * 1000);
    signal.addEventListener('abort', giveUp);
    try {
      if (await this.#turnstile.enter(waiting.signal)) return;
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', giveUp);
    }
    throw signal.aborted ? shuttingDown() : tooMany();
  }

  async #receive(place: Place, source: AsyncIterable<Uint8Array>, coming: object): Promise<Installed> {
    const { options } = this.#parts;
    const { dir } = place.folder;
    const room = roomIn(place.options, holdingOf(dir));
    await using part = await PartFile.create(dir);
    let claimed: string | undefined;
    try {
      let refused: unknown; // a finding of the package has no place for its details
      const accept = (manifest: Manifest): void => {
        try {
          claimed = this.#claim(containerId(manifest));
          part.checkFree(packageFile(manifest));
        } catch (error) {
          refused = error;
          throw error;
        }
      };
      const { restart } = options;
      const rules = { restart, requireSignature: place.options.requireSignature, ...place.folder.rules() };
      const size = Math.min(options.installSize, room);
      const result = await receivePackage(source, sinkInto(dir, part.handle), rules, { size, accept });
      if (!result.ok) throw refused instanceof ThubanError ? refused : notAccepted(result.diagnostics);
      const { manifest, diagnostics } = result;
      const bytes = await part.written();
      // From here to the name in one go, so that nobody else takes the room in between.
      this.#checkOpen();
      this.#checkCapacity(place, { number: 1, size: bytes });
      const name = packageFile(manifest.manifest);
      const left = part.place(name);
      if (left !== undefined)
        options.log('warn', `cannot remove what an installation has left in ${dir}: ${reasonOf(left)}`, { name });
      this.#coming.delete(coming as { repository: string; size: number });
      const about = { id: containerId(manifest.manifest), repository: place.id, file: join(dir, name), size: bytes };
      try {
        return { ...(await this.#bring(place, name, about, result, part)), warnings: diagnostics };
      } catch (error) {
        await this.#takeBack(place, about, part, error);
        throw error;
      }
    } finally {
      if (claimed !== undefined) this.#claimed.delete(claimed);
    }
  }

  /** Has it listed, and started if it starts by itself. */
  async #bring(
    { folder, id: repository }: Place,
    name: string,
    about: Pick<Installed, 'id' | 'repository' | 'file' | 'size'>,
    { manifest: { signer }, contents }: PackageResult & { ok: true },
    part: PartFile,
  ): Promise<Omit<Installed, 'warnings'>> {
    const { fleet, history, options, bring, repositories } = this.#parts;
    const { id, file, size } = about;
    repositories.verified.packages.add(await part.identity(), contents.digest);
    const signed = signer === undefined ? {} : { signer };
    // Before what follows from it: manifest_loaded, started.
    history.add({ type: 'installed', container: id, repository, file, size, ...signed });
    await folder.settle(name);
    const { outcome, rejected } = await bring(id);
    const entry = fleet.catalogue.entries.get(id);
    if (entry?.supervised.loaded.file !== file) {
      if (fleet.isClosing) throw shuttingDown();
      // Somebody else put the same container elsewhere just now, or changed the file, or the folder is not used any more.
      const refused = rejected.find((one) => one.file === file) ?? rejected.find((one) => one.file === folder.dir);
      throw refused === undefined ? notThere(file) : notAccepted(refused.diagnostics);
    }
    options.log('info', `${id} installed`, { container: id, repository, file, size, ...signed });
    return { ...about, ...signed, ...startOf(entry.supervised.lived, outcome) };
  }

  /** Removes a package again that was refused under its name already. What somebody else has put there is not ours. */
  async #takeBack(
    { folder, id: repository }: Place,
    { id, file }: Pick<Installed, 'id' | 'file'>,
    part: PartFile,
    error: unknown,
  ): Promise<void> {
    // The next daemon takes it: it is whole.
    if (error instanceof ThubanError && error.code === 'TH6014') return;
    try {
      if (!part.isAt(basename(file))) return;
      await this.#parts.discard(folder, basename(file));
      this.#parts.history.add({ type: 'uninstalled', container: id, repository, file });
    } catch (second) {
      this.#parts.options.log('error', `${file} was not accepted and is there all the same: ${reasonOf(second)}`, {
        file,
      });
    }
  }

  #claim(id: string): string {
    const { fleet } = this.#parts;
    if (this.#claimed.has(id))
      throw new ThubanError('TH5007', `\`${id}\` is being installed already`, { details: { id } });
    const other = fleet.catalogue.entries.get(id);
    if (other !== undefined)
      throw new ThubanError('TH5007', `\`${id}\` is there already, in repository \`${other.repository}\``, {
        hint: `raise the version, or thuban uninstall ${id}`,
        details: { id, repository: other.repository, file: other.supervised.loaded.file },
      });
    this.#claimed.add(id);
    return id;
  }

  #checkRoom(place: Place): void {
    const coming = [...this.#coming].filter(({ repository }) => repository === place.id);
    const size = coming.reduce((sum, one) => sum + one.size, 0);
    this.#checkCapacity(place, { number: coming.length, size });
  }

  #checkCapacity(place: Place, added: Holding): void {
    const unused = (): string | undefined => oldestUnused(this.#parts.fleet.catalogue, place.id);
    checkCapacity(place, holdingOf(place.folder.dir), added, unused);
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted || this.#parts.fleet.isClosing) throw shuttingDown();
  }
}

function startOf(lived: boolean, outcome: Outcome | undefined): Pick<Installed, 'started' | 'start_error'> {
  if (outcome?.error !== undefined) return { started: false, start_error: outcome.error.toJSON() };
  return { started: lived };
}

function sinkInto(dir: string, handle: PackageSink): PackageSink {
  return {
    stat: (options) => handle.stat(options),
    write: (bytes, offset, length) =>
      handle.write(bytes, offset, length).catch((error: unknown) => {
        throw cannotWrite(dir, error);
      }),
  };
}

/** What comes, until the daemon is about to end: a client that sends slowly is not waited for. */
async function* untilAborted(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let end = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    end = (): void => {
      reject(shuttingDown());
    };
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
  aborted.catch(() => undefined); // told by whoever asks for the next piece
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', end);
    void iterator.return?.(); // what sends nothing is not waited for
  }
}

function tooMany(): ThubanError {
  return new ThubanError(
    'TH6007',
    `${AT_ONCE} packages are being installed already, and none of them comes to its end`,
    {
      hint: 'try again later',
      details: { at_once: AT_ONCE },
    },
  );
}

function tooLarge(size: number, limit: number): ThubanError {
  return new ThubanError('TH5008', `the package has ${size} bytes, at most ${limit} are taken`, {
    hint: 'raise `console.limits.install_size`, or copy it into the folder of the repository',
    details: { size, limit },
  });
}
