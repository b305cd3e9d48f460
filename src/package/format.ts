import { MAX_BYTES } from '../manifest/index.ts';

/** The version of the format that this program reads and writes; see docs/reference/package.md. */
export const FORMAT = 1;

/** What a package may hold, in the only order. */
export const memberNames = ['checksums', 'signature', 'manifest.yaml', 'padding', 'rootfs.squashfs'] as const;

export type MemberName = (typeof memberNames)[number];

export const MANIFEST = 'manifest.yaml' satisfies MemberName;
export const IMAGE = 'rootfs.squashfs' satisfies MemberName;

/** Of a header, and of what contents are filled up to. */
export const BLOCK = 512;
/** Two blocks of zeros. */
export const END = 2 * BLOCK;
/** The image begins and ends at a multiple of this: a page, and the smallest block that dm-verity and most flash know. */
export const ALIGNMENT = 4096;
/** 11 octal digits: what the size field of a header holds. */
const MAX_SIZE = 8 ** 11 - 1;

/** Bytes that a member may have at most, so that nothing of an unchecked size is ever held in memory. */
export const maxSizes: Readonly<Record<MemberName, number>> = {
  checksums: 512,
  signature: 256,
  [MANIFEST]: MAX_BYTES,
  padding: ALIGNMENT,
  [IMAGE]: MAX_SIZE,
};

/** Contents are followed by zeros up to a whole block. */
export function fillOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/**
 * What has to stand at `offset` so that the contents of the member behind it are aligned: nothing, or a member `padding` of this size,
 * which may be 0.
 */
export function paddingAt(offset: number): number | undefined {
  if ((offset + BLOCK) % ALIGNMENT === 0) return undefined;
  return (ALIGNMENT - ((offset + 2 * BLOCK) % ALIGNMENT)) % ALIGNMENT;
}
