import { createHash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { ThubanError, formatBytes, type Diagnostic } from '../base/index.ts';
import {
  identityInText,
  loadManifest,
  type LoadOptions,
  type LoadedManifest,
  type Manifest,
} from '../manifest/index.ts';
import { readChecksums, sha256, type Checksum, type Checksums } from './checksums.ts';
import { IMAGE, MANIFEST, type MemberName } from './format.ts';
import { collect, type Member } from './members.ts';
import { refusal } from './refusal.ts';
import { SIGNED_PACKAGE, judgeSignature, readSignature, type PackageRules, type Signature } from './signature.ts';
import { SUPERBLOCK, readSuperblock, type Superblock } from './superblock.ts';

export interface PackageMember {
  name: MemberName;
  /** Bytes of the contents, and where they begin in the file. */
  size: number;
  offset: number;
  sha256?: string;
}

/** What is in a package besides its manifest. */
export interface PackageContents {
  members: PackageMember[];
  /** SHA-256 of `checksums`, hex. */
  digest: string;
  /** The key that it names, and the file of the trusted key that its signature fits, when one was looked for. */
  signature?: { key: string; verified_by?: string };
  /** What the superblock of the image says. */
  image?: Superblock;
}

export interface Subject extends LoadOptions {
  /** What positions and findings name. */
  file: string;
  rules: Pick<PackageRules, 'keys' | 'requireSignature'>;
  /** The image of this package was hashed before, and the file is the same since. */
  isKnown?: (digest: string) => boolean;
  /** Bytes that the whole may have. */
  limit?: number;
  /** Has the last word about a manifest without errors: throws to refuse it. */
  accept?: (manifest: Manifest) => void;
}

/** What is known of a package so far; of one that is refused this is what there is to tell. */
export interface Seen {
  digest?: string;
  name?: string;
  version?: string;
  /** The text of the manifest, once it is the one that was packed: what findings about it point into. */
  text?: string;
}

export interface Examined {
  manifest: LoadedManifest;
  diagnostics: Diagnostic[];
  contents: PackageContents;
  image?: { offset: number; size: number };
  /** The walk ended before the image, which was not read. */
  skipped: boolean;
}

/** The manifest in a package has errors. */
export class ManifestRefused extends Error {
  readonly diagnostics: Diagnostic[];

  constructor(diagnostics: Diagnostic[]) {
    super('the manifest in the package has errors');
    this.diagnostics = diagnostics;
  }
}

/** Hashing so much takes long enough that others should have their turn. */
const BREATH = 1024 * 1024;

/**
 * Judges a package member by member, as they come, so that it is refused as early as it can be: the signature before the manifest is looked
 * at, the manifest before the image is read.
 *
 * @throws ThubanError TH50xx; ManifestRefused
 */
export async function examine(members: AsyncIterable<Member>, subject: Subject, seen: Seen): Promise<Examined> {
  const examination = new Examination(subject, seen);
  for await (const member of members) if ((await examination.take(member)) === 'enough') break;
  return examination.finish();
}

class Examination {
  readonly #subject: Subject;
  readonly #seen: Seen;
  readonly #contents: PackageContents = { members: [], digest: '' };
  #text: Buffer = Buffer.alloc(0);
  #checksums: Checksums | undefined;
  #signature: Signature | undefined;
  #loaded: { manifest: LoadedManifest; diagnostics: Diagnostic[] } | undefined;
  #image: { offset: number; size: number } | undefined;
  #skipped = false;

  constructor(subject: Subject, seen: Seen) {
    this.#subject = subject;
    this.#seen = seen;
  }

  async take(member: Member): Promise<'enough' | undefined> {
    const { name, size, offset } = member;
    this.#checkLimit(offset + size);
    this.#contents.members.push({ name, size, offset });
    switch (name) {
      case 'checksums':
        this.#text = await collect(member);
        this.#checksums = readChecksums(this.#text);
        this.#contents.digest = this.#seen.digest = sha256(this.#text);
        return undefined;
      case 'signature':
        this.#signature = readSignature(await collect(member), 'entry `signature`', SIGNED_PACKAGE);
        return undefined;
      case MANIFEST:
        this.#judge();
        await this.#takeManifest(member);
        return undefined;
      case 'padding':
        return undefined;
      case IMAGE:
        return await this.#takeImage(member);
    }
  }

  finish(): Examined {
    const { manifest, diagnostics } = this.#loaded ?? {};
    // The gate does not let a package end without these.
    if (manifest === undefined || diagnostics === undefined) throw new Error('a package without a manifest has passed');
    if (this.#checksums?.image !== undefined && this.#image === undefined)
      throw refusal('TH5005', `the package ends before \`${IMAGE}\`, which its checksums name`);
    return {
      manifest,
      diagnostics,
      contents: this.#contents,
      ...(this.#image === undefined ? {} : { image: this.#image }),
      skipped: this.#skipped,
    };
  }

  #judge(): void {
    const signer = judgeSignature(this.#signature, this.#text, this.#subject.rules, SIGNED_PACKAGE);
    if (this.#signature === undefined) return;
    const verified = signer === undefined ? {} : { verified_by: signer.file };
    this.#contents.signature = { key: this.#signature.key, ...verified };
  }

  async #takeManifest(member: Member): Promise<void> {
    const expected = this.#expect(member, this.#checksums?.manifest);
    const bytes = await collect(member);
    this.#compare(member, sha256(bytes), expected);
    const text = bytes.toString('utf8');
    Object.assign(this.#seen, identityInText(text), { text });
    const { file } = this.#subject;
    const result = loadManifest(bytes, `${file}:${MANIFEST}`, this.#subject);
    if (!result.ok) throw new ManifestRefused(result.diagnostics);
    const { name, version, rootfs } = result.manifest.manifest;
    Object.assign(this.#seen, { name, version });
    const isOwnRoot = rootfs === undefined || rootfs.type === 'package';
    if (isOwnRoot && this.#checksums?.image === undefined)
      throw refusal(
        'TH5005',
        `the manifest's root is the package, and the package has no \`${IMAGE}\``,
        'pack it again',
      );
    if (!isOwnRoot && this.#checksums?.image !== undefined)
      throw refusal('TH5004', `entry \`${IMAGE}\` does not belong here: the manifest's root is \`${rootfs.type}\``);
    this.#subject.accept?.(result.manifest.manifest);
    const signature = this.#contents.signature;
    const signer = signature?.verified_by === undefined ? {} : { signer: signature.key };
    this.#loaded = {
      manifest: { ...result.manifest, file, digest: this.#contents.digest, ...signer },
      diagnostics: result.diagnostics,
    };
  }

  async #takeImage(member: Member): Promise<'enough' | undefined> {
    const expected = this.#expect(member, this.#checksums?.image);
    this.#image = { offset: member.offset, size: member.size };
    this.#skipped = this.#subject.isKnown?.(this.#contents.digest) === true;
    const hash = createHash('sha256');
    let start = Buffer.alloc(0);
    let read = 0;
    let sinceBreath = 0;
    for await (const part of member.contents) {
      if (start.length < SUPERBLOCK) {
        start = Buffer.concat([start, part.subarray(0, SUPERBLOCK - start.length)]);
        if (start.length === SUPERBLOCK) this.#contents.image = readSuperblock(start, member.size);
      }
      if (this.#skipped && start.length === SUPERBLOCK) break;
      hash.update(part);
      read += part.length;
      sinceBreath += part.length;
      if (sinceBreath < BREATH) continue;
      sinceBreath = 0;
      await breath();
    }
    if (this.#skipped) {
      this.#note(expected);
      return 'enough';
    }
    if (read !== member.size) throw refusal('TH5005', `the package ends too early: inside of \`${IMAGE}\``);
    this.#compare(member, hash.digest('hex'), expected);
    return undefined;
  }

  /** What `checksums` says of a member, once its size is the right one. */
  #expect({ name, size }: Member, expected: Checksum | undefined): Checksum {
    if (expected === undefined) throw refusal('TH5004', `entry \`${name}\` is not named by \`checksums\``);
    if (expected.size !== size)
      throw refusal('TH5003', `entry \`${name}\` has ${size} bytes, \`checksums\` says ${expected.size}`);
    return expected;
  }

  #compare({ name }: Member, found: string, expected: Checksum): void {
    if (found !== expected.sha256)
      throw refusal('TH5003', `entry \`${name}\` is not the one that was packed: its checksum is another`);
    this.#note(expected);
  }

  #note({ sha256: sum }: Checksum): void {
    const last = this.#contents.members.at(-1);
    if (last !== undefined) last.sha256 = sum;
  }

  #checkLimit(size: number): void {
    const { limit } = this.#subject;
    if (limit !== undefined && size > limit)
      throw new ThubanError(
        'TH5008',
        `the package has at least ${formatBytes(size)}, at most ${formatBytes(limit)} are taken`,
        {
          details: { size, limit },
        },
      );
  }
}
