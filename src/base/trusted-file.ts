import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { ThubanError, hasErrno } from './errors.ts';
import { formatBytes } from './format.ts';
import { checkMode, checkOwner, trustedOwner, untrusted, type TrustOptions } from './trusted.ts';

/** Somebody who saves a file again and again is not waited for. */
const MAX_ATTEMPTS = 3;

/**
 * Reads a file that nobody but root and `owner` can have written. It is opened once and never by name again, and everything is asked of the
 * descriptor, so no other file can be slipped in between. Only the file is looked at: its folder is checked by `checkTrustedFolder`. A file
 * may have further hard links: whoever made them, its owner, mode and content are those of the one file, and boards that are updated by
 * hard links are in the field.
 *
 * @throws ThubanError TH5010 when others could have written it, or for a symbolic link; TH1008 when it is no regular file or changes all the
 * time; TH1002 above `maxBytes`. Errors of the system as they are.
 */
export function readTrustedFile(path: string, options: TrustOptions & { maxBytes: number }): Buffer {
  const fd = openTrustedFile(path, options);
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const content = readUnchanged(path, fd, options.maxBytes);
      if (content !== undefined) return content;
    }
    throw new ThubanError('TH1008', `\`${path}\` changed while it was read`, {
      hint: 'write another file and rename it to this name',
      details: { path },
    });
  } finally {
    closeSync(fd);
  }
}

/** The descriptor of such a file, for what is too large to be read at once; whoever calls closes it. Throws as `readTrustedFile` does. */
export function openTrustedFile(path: string, options: TrustOptions): number {
  const fd = open(path);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw notRegular(path);
    checkOwner(path, found, trustedOwner(options));
    checkMode(path, found);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Without O_NONBLOCK, opening a named pipe would wait for a writer. (Node.js opens everything with O_CLOEXEC.) */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, 'ELOOP')) throw untrusted(path, 'is a symbolic link', 'put the file itself there');
    if (hasErrno(error, 'ENXIO')) throw notRegular(path);
    throw error;
  }
}

/** Undefined when the file was written meanwhile. Times have the grain of a clock tick, so this sees most of it and not all. */
function readUnchanged(path: string, fd: number, maxBytes: number): Buffer | undefined {
  const before = fstatSync(fd, { bigint: true });
  if (before.size > BigInt(maxBytes))
    throw new ThubanError(
      'TH1002',
      `the file is ${formatBytes(Number(before.size))}, at most ${formatBytes(maxBytes)} is read`,
      { details: { path } },
    );
  // One byte more, to see a file that has grown.
  const buffer = Buffer.alloc(Number(before.size) + 1);
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, length);
    length += count;
    if (count === 0 || length === buffer.length) break;
  }
  const isWhole = BigInt(length) === before.size && isSame(before, fstatSync(fd, { bigint: true }));
  return isWhole ? buffer.subarray(0, length) : undefined;
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

function notRegular(path: string): ThubanError {
  return new ThubanError('TH1008', `\`${path}\` is not a regular file`, { details: { path } });
}
