import {
  ALIGNMENT,
  BLOCK,
  IMAGE,
  MANIFEST,
  fillOf,
  maxSizes,
  memberNames,
  paddingAt,
  type MemberName,
} from './format.ts';
import { refusal, shown } from './refusal.ts';
import { isHeader, readHeader, type Header } from './tar-header.ts';

/**
 * Looks at every byte of a package that is no content, before a reader of tar archives sees it: each header, the order and number of
 * entries, their sizes, what contents are filled up with, and the end. So that reader meets only what this format allows, and never
 * buffers long names or extended headers. Holds one header at most.
 */
export class Gate {
  readonly #block = Buffer.alloc(BLOCK);
  #held = 0;
  /** Bytes of content and of fill that are still to come. */
  #body = 0;
  #fill = 0;
  #current: MemberName | undefined;
  /** Blocks of zeros that have been seen; two are the end. */
  #zeros = 0;
  #offset = 0;

  /** @throws ThubanError TH5003, TH5004, TH5011 */
  check(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const taken = this.#take(rest);
      this.#offset += taken;
      rest = rest.subarray(taken);
    }
  }

  /** Nothing more comes. @throws ThubanError TH5005, TH5011 */
  end(): void {
    if (this.#zeros === 2) return;
    if (this.#current === undefined) throw this.#noPackage();
    const where =
      this.#body + this.#fill > 0
        ? `inside of ${shown(this.#current)}`
        : `after ${shown(this.#current)}, without an end`;
    throw refusal('TH5005', `the package ends too early: at byte ${this.#offset}, ${where}`);
  }

  /** Consumes the beginning of a chunk and says how much. */
  #take(chunk: Buffer): number {
    if (this.#body > 0) {
      const part = chunk.subarray(0, this.#body);
      if (this.#current === 'padding') this.#requireZeros(part);
      this.#body -= part.length;
      return part.length;
    }
    if (this.#fill > 0) {
      const part = chunk.subarray(0, this.#fill);
      this.#requireZeros(part);
      this.#fill -= part.length;
      return part.length;
    }
    if (this.#zeros === 2) throw refusal('TH5004', `the package goes on after its end, at byte ${this.#offset}`);
    const part = chunk.subarray(0, BLOCK - this.#held);
    part.copy(this.#block, this.#held);
    this.#held += part.length;
    if (this.#held === BLOCK) {
      this.#held = 0;
      this.#accept(this.#offset + part.length - BLOCK);
    }
    return part.length;
  }

  #requireZeros(part: Buffer): void {
    if (part.some((byte) => byte !== 0))
      throw refusal('TH5003', `behind ${shown(this.#current ?? '')} something stands where zeros belong`);
  }

  /** A whole block has come: a header, or one of the two that end the package. */
  #accept(offset: number): void {
    if (this.#current === undefined && !isHeader(this.#block)) throw this.#noPackage();
    if (this.#block.every((byte) => byte === 0)) {
      if (this.#current === 'checksums' || this.#current === 'signature')
        throw refusal('TH5005', `the package ends after ${shown(this.#current)}, before \`${MANIFEST}\``);
      if (this.#current === 'padding')
        throw refusal('TH5005', `the package ends after \`padding\`, before \`${IMAGE}\``);
      this.#zeros++;
      return;
    }
    if (this.#zeros > 0) throw refusal('TH5004', `the package goes on after its end, at byte ${offset}`);
    const header = readHeader(this.#block);
    this.#current = this.#memberOf(header, offset);
    this.#body = header.size;
    this.#fill = fillOf(header.size);
  }

  /** @throws ThubanError unless this entry may stand here and have this size. */
  #memberOf({ name, size }: Header, offset: number): MemberName {
    const at = memberNames.findIndex((member) => member === name);
    const member = memberNames[at];
    if (this.#current === undefined && member !== 'checksums') throw this.#noPackage();
    if (member === undefined)
      throw refusal(
        'TH5004',
        `entry ${shown(name)} does not belong in a package`,
        `entries: ${memberNames.join(', ')}`,
      );
    const before = this.#current === undefined ? -1 : memberNames.indexOf(this.#current);
    if (at === before) throw refusal('TH5004', `entry ${shown(name)} stands twice in the package`);
    const skipped = memberNames.slice(before + 1, Math.max(before + 1, at));
    if (at < before || skipped.includes('checksums') || skipped.includes(MANIFEST))
      throw refusal('TH5004', `entry ${shown(name)} is not in its place`, `the order is ${memberNames.join(', ')}`);
    if (size > maxSizes[member])
      throw refusal('TH5004', `entry ${shown(name)} says it has ${size} bytes, at most ${maxSizes[member]} are read`);
    this.#checkPlace(member, size, offset);
    return member;
  }

  /** The image is aligned, by a padding that is exactly as long as it must be. */
  #checkPlace(member: MemberName, size: number, offset: number): void {
    if (member === 'padding' && size !== paddingAt(offset))
      throw refusal(
        'TH5004',
        `entry \`padding\` has ${size} bytes, ${paddingAt(offset) ?? 'none of it'} would be right`,
      );
    if (member !== IMAGE) return;
    if ((offset + BLOCK) % ALIGNMENT !== 0)
      throw refusal('TH5004', `entry \`${IMAGE}\` does not begin at a multiple of ${ALIGNMENT} bytes`);
    if (size === 0 || size % ALIGNMENT !== 0)
      throw refusal('TH5004', `entry \`${IMAGE}\` has ${size} bytes, not a multiple of ${ALIGNMENT}`);
  }

  #noPackage(): Error {
    return refusal('TH5011', 'this is no Thuban package: it does not begin with an entry `checksums`');
  }
}
