import { isDeepStrictEqual } from 'node:util';
import type { ImageFile } from '../base/index.ts';
import type { Manifest } from '../manifest/index.ts';

/** What a container was made of, or would be. */
export interface Origin {
  digest: string;
  /** Absent: too large to be kept. */
  manifest?: Manifest;
  image?: ImageFile;
}

/** Whether two origins make the same container, so that one may take the other's place without a restart. */
export function meanTheSame(a: Origin, b: Origin): boolean {
  if (a.digest === b.digest) return true; // of a package it covers the image, so another copy of the file is the same
  if (a.image !== undefined || b.image !== undefined) return false;
  return a.manifest !== undefined && isDeepStrictEqual(a.manifest, b.manifest);
}
