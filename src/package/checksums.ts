import { createHash } from 'node:crypto';
import { FORMAT, IMAGE, MANIFEST, maxSizes } from './format.ts';
import { refusal } from './refusal.ts';

/** What is said of one member: its SHA-256, hex, and its bytes. */
export interface Checksum {
  sha256: string;
  size: number;
}

/** The member `checksums`: it covers the others, and the signature covers it. */
export interface Checksums {
  manifest: Checksum;
  image?: Checksum;
}

const LINE = /^sha256 ([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) (\S+)$/;

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function checksumOf(bytes: Uint8Array): Checksum {
  return { sha256: sha256(bytes), size: bytes.length };
}

export function writeChecksums({ manifest, image }: Checksums): string {
  const lines = [line(manifest, MANIFEST), ...(image === undefined ? [] : [line(image, IMAGE)])];
  return [`thuban-package ${FORMAT}`, ...lines, ''].join('\n');
}

function line({ sha256: sum, size }: Checksum, name: string): string {
  return `sha256 ${sum} ${size} ${name}`;
}

/**
 * Reads the text; there is one writing of each content only.
 *
 * @throws ThubanError TH5011 for a later format, TH5003 for anything that no packer wrote.
 */
export function readChecksums(bytes: Buffer): Checksums {
  const text = bytes.toString('latin1');
  const version = /^thuban-package (\S{1,20})\n/.exec(text)?.[1];
  if (version === undefined) throw refusal('TH5011', 'this is no Thuban package: `checksums` does not say so');
  if (version !== String(FORMAT)) {
    const hint = 'use a newer Thuban, or pack it again with this one';
    throw refusal('TH5011', `the package has format ${version}, this version reads format ${FORMAT}`, hint);
  }
  const found = text
    .split('\n')
    .slice(1, -1)
    .map((one) => LINE.exec(one));
  const [manifest, image] = found.map((match) => ({ sha256: match?.[1] ?? '', size: Number(match?.[2]) }));
  const names = found.map((match) => match?.[3]).join(' ');
  const read: Checksums | undefined =
    manifest !== undefined && names === (image === undefined ? MANIFEST : `${MANIFEST} ${IMAGE}`)
      ? { manifest, ...(image === undefined ? {} : { image }) }
      : undefined;
  if (read === undefined || writeChecksums(read) !== text)
    throw refusal('TH5003', '`checksums` is damaged: it has not the lines of this format');
  for (const [name, sum] of [[MANIFEST, read.manifest] as const, [IMAGE, read.image] as const])
    if (sum !== undefined && sum.size > maxSizes[name])
      throw refusal(
        'TH5004',
        `\`checksums\` says that \`${name}\` has ${sum.size} bytes, at most ${maxSizes[name]} are read`,
      );
  return read;
}
