import type { BigIntStats } from 'node:fs';

/**
 * Which file it is, and that nobody has changed it since: the kernel moves `ctime` at every change of content or owner. Decimal numbers as
 * text, because they may exceed 2^53.
 */
export interface FileIdentity {
  dev: string;
  ino: string;
  /** Bytes of the whole file. */
  size: string;
  /** Nanoseconds since 1970. */
  ctime_ns: string;
}

/** Of an open file: `fstat` with `bigint`. */
export function identityOf({ dev, ino, size, ctimeNs }: BigIntStats): FileIdentity {
  return { dev: String(dev), ino: String(ino), size: String(size), ctime_ns: String(ctimeNs) };
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.ctime_ns === b.ctime_ns;
}

/** A file system image that lies inside of a file, such as a package. */
export interface ImageFile {
  /** Absolute path without symbolic links. */
  file: string;
  /** Bytes; a multiple of 512. */
  offset: number;
  /** Bytes of the image. */
  size: number;
  /** The file that was checked. A start refuses any other. */
  identity: FileIdentity;
}
