import { fdatasync as syncCallback, read as readCallback } from 'node:fs';
import { promisify } from 'node:util';
import { hasErrno } from '../base/index.ts';

/** Hashing one takes a few milliseconds, also on a small board; between two of them others have their turn. */
const PIECE = 1024 * 1024;
/** The beginning is read in smaller ones: most of a package need not be read to refuse it. */
const FIRST_PIECE = 64 * 1024;

const readOnce = promisify(readCallback);
const sync = promisify(syncCallback);

/**
 * Makes every later change show in the times of a file. A write through a mapping changes them only where the page was clean; what was written
 * back to the disk is clean. File systems in memory write nothing back.
 */
export async function settleTimes(fd: number): Promise<void> {
  try {
    await sync(fd);
  } catch (error) {
    // There is nothing to write back to.
    if (!hasErrno(error, 'EINVAL', 'EROFS', 'EOPNOTSUPP')) throw error;
  }
}

/** The bytes of an open file from a position on, up to its end or `end`. */
export async function* readPieces(
  fd: number,
  from = 0,
  signal?: AbortSignal,
  end = Infinity,
): AsyncGenerator<Buffer, undefined> {
  for (let position = from; position < end;) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafe(Math.min(position < PIECE ? FIRST_PIECE : PIECE, end - position));
    const { bytesRead } = await readOnce(fd, buffer, 0, buffer.length, position);
    if (bytesRead === 0) return undefined;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  return undefined;
}

/** So many bytes at a position, or fewer at the end of the file. */
export async function readAt(fd: number, position: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of readPieces(fd, position, undefined, position + length)) parts.push(piece);
  return Buffer.concat(parts);
}
