import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  keyIdOf,
  openPackage,
  receivePackage,
  type OpenOptions,
  type PackageResult,
  type SigningKey,
  type TrustedKey,
} from '../../../src/package/index.ts';
import { checksumOf, writeChecksums } from '../../../src/package/checksums.ts';
import { fillOf, paddingAt } from '../../../src/package/format.ts';
import { signMessage, writeSignature } from '../../../src/package/signature.ts';

export const manifestText = 'name: camera\nversion: 2.1.0\ninit: /bin/app\nuid: 1000\ngid: 1001\n';
export const anyone: OpenOptions = { keys: [], requireSignature: false };

/** A superblock and zeros: all that anybody looks at before the kernel does. */
export function squashfs({
  size = 4096,
  used = 300,
  magic = 'hsqs',
  version = 4,
  log = 17,
  compression = 1,
} = {}): Buffer {
  const image = Buffer.alloc(size);
  image.write(magic, 0, 'latin1');
  image.writeUInt32LE(2 ** log, 12);
  image.writeUInt16LE(compression, 20);
  image.writeUInt16LE(log, 22);
  image.writeUInt16LE(version, 28);
  image.writeBigUInt64LE(BigInt(used), 40);
  image[200] = 7;
  return image;
}

/** Written by hand, field by field, so that the tests do not believe the writer that is tested; `fields` replaces some. */
export function header(
  name: string | Buffer,
  size: number,
  fields: Record<number, string | Buffer> = {},
  sum = true,
): Buffer {
  const block = Buffer.alloc(512);
  const put = (at: number, text: string | Buffer): void => {
    Buffer.from(text as string, 'latin1').copy(block, at);
  };
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(156, '0');
  put(257, 'ustar\x0000');
  for (const [at, text] of Object.entries(fields)) put(Number(at), text);
  if (sum) {
    block.fill(' ', 148, 156);
    put(
      148,
      `${block
        .reduce((total, byte) => total + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    );
  }
  return block;
}

export function entry(name: string, contents: Buffer | string, fields: Record<number, string | Buffer> = {}): Buffer {
  const bytes = Buffer.from(contents as string, 'latin1');
  return Buffer.concat([header(name, bytes.length, fields), bytes, Buffer.alloc(fillOf(bytes.length))]);
}

export const end = Buffer.alloc(1024);

export interface Recipe {
  manifest?: string;
  image?: Buffer | null;
  key?: SigningKey;
  checksums?: string;
  signature?: string | null;
}

/** The members of a package, each with its header; `padding` is missing where none is needed. */
export function parts(
  recipe: Recipe = {},
): Record<'checksums' | 'signature' | 'manifest' | 'padding' | 'image', Buffer> {
  const { manifest = manifestText, image = squashfs(), key } = recipe;
  const sums = { manifest: checksumOf(Buffer.from(manifest)), ...(image === null ? {} : { image: checksumOf(image) }) };
  const checksums = recipe.checksums ?? writeChecksums(sums);
  const made = key === undefined ? null : writeSignature(signMessage(Buffer.from(checksums, 'latin1'), key));
  const signature = recipe.signature === undefined ? made : recipe.signature;
  const before = [
    entry('checksums', checksums),
    signature === null ? Buffer.alloc(0) : entry('signature', signature),
    entry('manifest.yaml', manifest),
  ] as const;
  const padding = image === null ? undefined : paddingAt(Buffer.concat(before).length);
  return {
    checksums: before[0],
    signature: before[1],
    manifest: before[2],
    padding: padding === undefined ? Buffer.alloc(0) : entry('padding', Buffer.alloc(padding)),
    image: image === null ? Buffer.alloc(0) : entry('rootfs.squashfs', image),
  };
}

export function packageOf(recipe: Recipe = {}): Buffer {
  return Buffer.concat([...Object.values(parts(recipe)), end]);
}

export function newKey(): { signing: SigningKey; trusted: TrustedKey; publicKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const id = keyIdOf(publicKey);
  return { signing: { id, key: privateKey }, trusted: { id, key: publicKey, file: `${id}.pub` }, publicKey };
}

let files = 0;

/** Both ways in: as a file, and as a stream in pieces. They must be of one opinion. */
export async function judged(
  folder: string,
  bytes: Buffer,
  options: OpenOptions = anyone,
  piece = 700,
): Promise<{ file: string; opened: PackageResult; received: PackageResult }> {
  const file = join(folder, `x${files++}.tar`);
  writeFileSync(file, bytes);
  const opened = await openPackage(file, options);
  const received = await receivePackage(piecesOf(bytes, piece), new Sink(), options, { size: 64 * 1024 * 1024, file });
  return { file, opened, received };
}

export async function* piecesOf(bytes: Buffer, piece: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += piece)
    yield* Readable.from([bytes.subarray(at, at + piece)]) as AsyncIterable<Buffer>;
}

/** Counts and keeps nothing, or everything. */
export class Sink {
  written = 0;
  readonly kept: Buffer[] = [];
  readonly #keep: boolean;

  constructor(keep = false) {
    this.#keep = keep;
  }

  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }> {
    this.written += length;
    if (this.#keep) this.kept.push(Buffer.from(bytes.subarray(offset, offset + length)));
    return Promise.resolve({ bytesWritten: length });
  }

  stat(): Promise<never> {
    const numbers = { dev: 1n, ino: 1n, size: BigInt(this.written), ctimeNs: 1n };
    return Promise.resolve(numbers as never);
  }
}

/** The code and the message of the first finding. */
export function refusalOf(result: PackageResult): string {
  const [first] = result.ok ? [] : result.diagnostics;
  return first === undefined ? 'accepted' : `${first.code} ${first.message}`;
}
