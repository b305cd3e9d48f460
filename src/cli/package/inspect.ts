import { statSync } from 'node:fs';
import { formatBytes, visible } from '../../base/index.ts';
import { toNorthstarJson, type Manifest } from '../../manifest/index.ts';
import { openPackage, type PackageContents, type Superblock } from '../../package/index.ts';
import type { Context } from '../context.ts';
import { asError } from '../load.ts';
import { jsonLine } from '../json-line.ts';
import { print, printJson } from '../talk.ts';
import type { Terminal } from '../terminal.ts';
import { pad } from '../text-width.ts';
import { findingsText } from './show.ts';

export interface Facts {
  file: string;
  name: string;
  version: string;
  size: number;
  digest: string;
  /** Who says to have signed it; nobody is asked here. */
  signature: { key: string } | null;
  members: PackageContents['members'];
  image: Superblock | null;
  manifest: Manifest;
}

/** What is in package files. Every checksum is checked on the way; who signed is only told, not judged. */
export async function inspectPackages(files: readonly string[], context: Context): Promise<number> {
  const all: Facts[] = [];
  for (const file of files) {
    const result = await openPackage(file, { keys: [], requireSignature: false, asGiven: true });
    if (!result.ok) {
      if (context.json) process.stderr.write(`${JSON.stringify(asError(result.diagnostics))}\n`);
      else process.stderr.write(findingsText(result.diagnostics, result.text, context.err));
      continue;
    }
    const { contents, manifest } = result;
    all.push({
      file,
      name: manifest.manifest.name,
      version: manifest.manifest.version,
      size: statSync(file).size,
      digest: contents.digest,
      signature: contents.signature === undefined ? null : { key: contents.signature.key },
      members: contents.members,
      image: contents.image ?? null,
      manifest: manifest.manifest,
    });
  }
  const [only] = all;
  if (context.json && files.length > 1) printJson(all.map(asJson));
  else if (context.json && only !== undefined) printJson(asJson(only));
  else if (context.json) return 1;
  else if (context.quiet) print(all.map(({ name, version }) => `${name}:${version}`));
  else print(all.map((facts) => packageText(facts, context.out, context.wide).join('\n')).join('\n\n'));
  return all.length === files.length ? 0 : 1;
}

function asJson(facts: Facts): unknown {
  return { ...facts, manifest: toNorthstarJson(facts.manifest) };
}

const LABEL = 11;
/** As much of a SHA-256 as tells files apart for a person. */
const SHORT = 12;
const FULL = 64;
/** What stands before the text of a line. */
const INDENT = 2 + LABEL;

/** On a terminal a checksum is told in short where the line would not fit; `--wide` and a pipe have all of it. */
export function packageText(facts: Facts, { isTTY, columns }: Terminal, wide: boolean): string[] {
  const { file, name, version, size, digest, signature, members, image, manifest } = facts;
  const sumOf = (sum: string, before: number): string =>
    isTTY && !wide && before + FULL > columns ? sum.slice(0, SHORT) : sum;
  const { init, args = [], uid, gid, rootfs, mounts = {}, autostart, custom } = manifest;
  const root = rootfs === undefined || rootfs.type === 'package' ? 'the image of the package' : rootfs.type;
  const lines: [label: string, ...lines: string[]][] = [
    ['signature', signature === null ? 'none' : `of key ${signature.key}, not checked here`],
    ['digest', sumOf(digest, INDENT)],
    ['members', ...members.map((member) => memberLine(member, sumOf))],
    ['image', ...(image === null ? ['none'] : [imageLine(image)])],
    ['command', init === undefined ? 'none: its files are for others to mount' : [init, ...args].join(' ')],
    ['user', `uid ${uid} gid ${gid}`],
    ['root', root],
    ...(Object.keys(mounts).length === 0 ? [] : [['mounts', mountsLine(mounts)] as [string, string]]),
    ...(autostart === undefined ? [] : [['autostart', autostart] as [string, string]]),
    ...(custom === undefined ? [] : [['custom', jsonLine(custom)] as [string, string]]),
  ];
  const shown = lines.flatMap(([label, ...texts]) =>
    texts.map((text, at) => `  ${pad(at === 0 ? label : '', LABEL)}${visible(text)}`),
  );
  const next = signature === null ? `thuban validate ${file}` : `thuban verify ${file} --key NAME.pub`;
  return [`${name}:${version}  ${visible(file)}, ${formatBytes(size)}`, ...shown, `next: ${next}`];
}

function memberLine(
  { name, size, sha256 }: PackageContents['members'][number],
  sumOf: (sum: string, before: number) => string,
): string {
  const line = `${pad(name, 16)} ${pad(formatBytes(size), 9, 'left')}`;
  return sha256 === undefined ? line : `${line}  ${sumOf(sha256, INDENT + line.length + 2)}`;
}

function imageLine({ version, compression, block_size, bytes_used, inodes }: Superblock): string {
  return `squashfs ${version}, ${compression}, blocks of ${formatBytes(block_size)}, ${formatBytes(bytes_used)} used, ${inodes} inodes`;
}

function mountsLine(mounts: NonNullable<Manifest['mounts']>): string {
  return Object.entries(mounts)
    .map(([target, { type }]) => `${target} ${type}`)
    .join(', ');
}
