import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ThubanError, errnoOf, hasErrno, reasonOf, writeAtomicallyWith } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { checksumOf, sha256, writeChecksums, type Checksum, type Checksums } from './checksums.ts';
import type { SigningKey } from './keys.ts';
import { makeImage, realRoot, type ImageOptions } from './make-image.ts';
import { readPieces } from './pieces.ts';
import { signMessage, writeSignature } from './signature.ts';
import { writePackage } from './write-package.ts';

export interface PackOptions extends ImageOptions {
  /** A folder, or a tar archive, that becomes the container's root. Without it the root holds only the targets of mounts. */
  root?: string;
  /** A file, or a folder to put `NAME-VERSION.tar` into. Default: the current folder. */
  out?: string;
  key?: SigningKey;
}

export interface Packed {
  /** Absolute. */
  file: string;
  /** A file of this name was there before. */
  replaced: boolean;
  size: number;
  /** SHA-256 of `checksums`. */
  digest: string;
  checksums: Checksums;
  signer?: string;
}

/**
 * Makes a package of a manifest that has no errors, and a root. The same input gives the same bytes. The file appears as a whole, under its
 * name, or not at all.
 *
 * @throws ThubanError TH5013
 */
export async function pack(text: Buffer, { manifest }: LoadedManifest, options: PackOptions): Promise<Packed> {
  const hasImage = manifest.rootfs === undefined || manifest.rootfs.type === 'package';
  if (!hasImage && options.root !== undefined)
    throw new ThubanError(
      'TH5013',
      `the manifest's root is \`${manifest.rootfs?.type ?? ''}\`, so nobody would look into an image`,
      {
        hint: 'leave `--root` out, or remove `rootfs` from the manifest',
      },
    );
  const file = outFile(options.out ?? '.', `${manifest.name}-${manifest.version}.tar`);
  const root = options.root === undefined ? undefined : realRoot(options.root);
  if (root !== undefined) checkOutside(root, file);
  // Beside the result: there has to be room anyway, which a /tmp in memory need not have.
  const work = hasImage ? workFolder(dirname(file)) : undefined;
  try {
    const image = work === undefined ? undefined : join(work, 'image');
    if (image !== undefined) await makeImage(image, manifest, root, options);
    return await write(file, text, image, options);
  } finally {
    if (work !== undefined) rmSync(work, { recursive: true, force: true });
  }
}

async function write(file: string, text: Buffer, image: string | undefined, options: PackOptions): Promise<Packed> {
  const fd = image === undefined ? undefined : openSync(image, 'r');
  const replaced = existsSync(file);
  try {
    const imageSum = fd === undefined ? undefined : await sumOf(fd, options.signal);
    const sums = { manifest: checksumOf(text), ...(imageSum === undefined ? {} : { image: imageSum }) };
    const checksums = Buffer.from(writeChecksums(sums));
    const signature = options.key === undefined ? undefined : signMessage(checksums, options.key);
    const written = writeAtomicallyWith(file, { mode: 0o644, sync: true }, async (out) => {
      await writePackage(out, {
        checksums,
        ...(signature === undefined ? {} : { signature: Buffer.from(writeSignature(signature)) }),
        manifest: text,
        ...(fd === undefined || imageSum === undefined
          ? {}
          : { image: { size: imageSum.size, contents: readPieces(fd, 0, options.signal) } }),
      });
    });
    await written.catch((error: unknown) => {
      if (errnoOf(error) === undefined) throw error; // somebody has stopped it
      throw cannotWrite(file, error);
    });
    return {
      file,
      replaced,
      size: statSync(file).size,
      digest: sha256(checksums),
      checksums: sums,
      ...(signature === undefined ? {} : { signer: signature.key }),
    };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function outFile(out: string, name: string): string {
  const path = resolve(out);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return join(path, name);
  try {
    if (!out.endsWith('/') && statSync(dirname(path)).isDirectory()) return path;
  } catch (error) {
    throw cannotWrite(path, error);
  }
  throw new ThubanError('TH5013', `there is no folder \`${out}\``, { hint: `mkdir -p ${out}` });
}

/** The image would hold what of it is written by then, and the package of the last time. */
function checkOutside(root: string, file: string): void {
  const way = relative(root, realpathSync(dirname(file)));
  if (way === '..' || way.startsWith('../')) return;
  throw new ThubanError('TH5013', `the package would be in its own root \`${root}\``, {
    hint: 'name another place with -o',
  });
}

function workFolder(folder: string): string {
  try {
    return mkdtempSync(join(folder, '.thuban-pack-'));
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

function cannotWrite(path: string, error: unknown): ThubanError {
  const hint = hasErrno(error, 'ENOENT') ? `mkdir -p ${dirname(path)}` : 'name another place with -o';
  return new ThubanError('TH5013', `cannot write to \`${path}\`: ${reasonOf(error)}`, { hint, cause: error });
}

async function sumOf(fd: number, signal: AbortSignal | undefined): Promise<Checksum> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of readPieces(fd, 0, signal)) {
    hash.update(piece);
    size += piece.length;
  }
  return { sha256: hash.digest('hex'), size };
}
