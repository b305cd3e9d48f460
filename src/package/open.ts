import { closeSync, fstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  identityOf,
  isSameFile,
  openTrustedFile,
  ThubanError,
  type Diagnostic,
  type FileIdentity,
} from '../base/index.ts';
import type { LoadOptions, LoadedManifest } from '../manifest/index.ts';
import { ManifestRefused, examine, type Examined, type PackageContents, type Seen } from './examine.ts';
import { BLOCK, END, fillOf } from './format.ts';
import { walk } from './members.ts';
import { readAt, readPieces, settleTimes } from './pieces.ts';
import { openRegular } from './read-file.ts';
import { findingOf, refusal } from './refusal.ts';
import type { PackageRules } from './signature.ts';
import type { VerifiedPackages } from './verified.ts';

export interface OpenOptions extends PackageRules, LoadOptions {
  /** The caller answers for the file, which a person named: links are followed, and who else may write it is not asked. */
  asGiven?: boolean;
  /** Images that need not be hashed again; what was hashed is added. */
  verified?: VerifiedPackages;
  /** Ends the reading of what takes too long by now: the package counts as refused then. */
  signal?: AbortSignal;
}

export type PackageResult =
  /** `diagnostics` are the warnings of the manifest, `text` is its text. */
  | { ok: true; manifest: LoadedManifest; diagnostics: Diagnostic[]; contents: PackageContents; text: string }
  /** As far as they could be read: of what is refused they are no more than a claim. */
  | ({ ok: false; diagnostics: Diagnostic[] } & Seen);

/**
 * Reads a package file: its form, its signature, its manifest, and the checksum of every byte. The file is opened once, and everything is
 * asked of and read from that descriptor; its folder is checked by `checkTrustedFolder`. Never throws: what is wrong is told.
 */
export async function openPackage(file: string, options: OpenOptions): Promise<PackageResult> {
  const path = resolve(file);
  // Who named a file is told of it by that name.
  const name = options.asGiven === true ? file : path;
  const seen: Seen = {};
  let fd: number | undefined;
  try {
    const real = options.asGiven === true ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
    fd = options.asGiven === true ? openRegular(real) : openTrustedFile(real, options);
    return await judge(fd, { path: name, real }, options, seen);
  } catch (error) {
    return refused(name, error, seen);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What is told of a package that is not used. */
export function refused(file: string, error: unknown, seen: Seen): PackageResult & { ok: false } {
  const diagnostics = error instanceof ManifestRefused ? error.diagnostics : [findingOf(file, error)];
  return { ok: false, diagnostics, ...seen };
}

async function judge(
  fd: number,
  { path, real }: { path: string; real: string },
  options: OpenOptions,
  seen: Seen,
): Promise<PackageResult> {
  await settleTimes(fd);
  const identity = identityOf(fstatSync(fd, { bigint: true }));
  const source = readPieces(fd, 0, options.signal);
  let found: Examined;
  try {
    const isKnown = (digest: string): boolean => options.verified?.has(identity, digest) === true;
    const subject = { ...options, file: path, rules: options, isKnown };
    found = await examine(walk(source), subject, seen);
  } finally {
    // Waits for the piece that is being read: the descriptor is closed next.
    await source.return(undefined);
  }
  if (found.skipped) await checkEnd(fd, found, identity);
  if (!isSameFile(identity, identityOf(fstatSync(fd, { bigint: true }))))
    throw new ThubanError('TH1008', `\`${path}\` changed while it was read`, {
      hint: 'write another file and rename it to this name',
    });
  options.verified?.add(identity, found.contents.digest);
  const image = found.image === undefined ? {} : { image: { file: real, ...found.image, identity } };
  const { diagnostics, contents } = found;
  return { ok: true, manifest: { ...found.manifest, ...image }, diagnostics, contents, text: seen.text ?? '' };
}

/** Behind an image that was not read there is nothing but the end. */
async function checkEnd(fd: number, { image }: Examined, identity: FileIdentity): Promise<void> {
  const end = image === undefined ? 0 : image.offset + image.size + fillOf(image.size);
  const tail = await readAt(fd, end, END);
  if (identity.size !== String(end + END) || tail.length !== END || tail.some((byte) => byte !== 0))
    throw refusal('TH5005', `the package does not end ${END / BLOCK} blocks of zeros after its image`);
}
