import { formatBytes, identityOf, ThubanError } from '../base/index.ts';
import type { BigIntStats } from 'node:fs';
import type { LoadOptions, Manifest } from '../manifest/index.ts';
import { ManifestRefused, examine, type Seen } from './examine.ts';
import { walk } from './members.ts';
import { refused, type PackageResult } from './open.ts';
import type { PackageRules } from './signature.ts';

/** Where a package is written to: a `FileHandle` of node:fs/promises is one. */
export interface PackageSink {
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>;
  stat(options: { bigint: true }): Promise<BigIntStats>;
}

export interface ReceiveLimits {
  /** Bytes of the whole package. */
  size: number;
  /** What positions and findings name. Default: `package.tar`. */
  file?: string;
  /** Told as soon as the manifest was read and is vouched for; throws a ThubanError when there is no need to read on. */
  accept?: (manifest: Manifest) => void;
}

/**
 * Takes a package that arrives as a stream, and writes it while it is checked. It is refused as early as it can be: without its signature
 * after the first few KiB, above the limit by the size that its headers say. Nothing of what was written counts unless the result is `ok`.
 *
 * The image in the result names `limits.file` and the identity that the file has now; renaming it changes that, so ask the descriptor again
 * (`identityOf`), note it in a `VerifiedPackages`, and open the package under its name.
 *
 * @throws what `source` and `to` throw: a peer that went away, a disk that is full.
 */
export async function receivePackage(
  source: AsyncIterable<Uint8Array>,
  to: PackageSink,
  rules: PackageRules & LoadOptions,
  limits: ReceiveLimits,
): Promise<PackageResult> {
  const file = limits.file ?? 'package.tar';
  const seen: Seen = {};
  const copy = new Copy(source, to, limits.size);
  try {
    const { accept } = limits;
    const subject = { ...rules, file, rules, limit: limits.size, ...(accept === undefined ? {} : { accept }) };
    const found = await examine(walk(copy.chunks()), subject, seen);
    const identity = identityOf(await to.stat({ bigint: true }));
    const image = found.image === undefined ? {} : { image: { file, ...found.image, identity } };
    const { diagnostics, contents } = found;
    return { ok: true, manifest: { ...found.manifest, ...image }, diagnostics, contents, text: seen.text ?? '' };
  } catch (error) {
    if (error instanceof ManifestRefused || error instanceof ThubanError) return refused(file, error, seen);
    throw error;
  } finally {
    await copy.settled();
  }
}

/** Hands chunks on after they were written. */
class Copy {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #to: PackageSink;
  readonly #limit: number;
  #size = 0;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(source: AsyncIterable<Uint8Array>, to: PackageSink, limit: number) {
    this.#source = source;
    this.#to = to;
    this.#limit = limit;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#source) {
      if (this.#stopped) return;
      this.#size += chunk.length;
      if (this.#size > this.#limit)
        throw new ThubanError(
          'TH5008',
          `the package has more than ${formatBytes(this.#limit)}, which is the most that is taken`,
        );
      this.#writing = this.#write(chunk);
      await this.#writing;
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  }

  /** Writes nothing any more, so that the caller may close the file. The source may hang for ever: it is not waited for. */
  async settled(): Promise<void> {
    this.#stopped = true;
    await this.#writing.catch(() => undefined); // told by whoever asked for the chunk
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await this.#to.write(chunk, done, chunk.length - done);
      done += bytesWritten;
    }
  }
}
