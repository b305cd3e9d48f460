import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ThubanError, formatBytes } from '../base/index.ts';

/**
 * Opens a file that a person named: links are followed, and who may write it is not asked.
 *
 * @throws ThubanError TH1008 when it is no regular file. Errors of the system as they are.
 */
export function openRegular(path: string): number {
  // Without O_NONBLOCK, opening a named pipe would wait for a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile())
      throw new ThubanError('TH1008', `\`${path}\` is not a regular file`, { details: { path } });
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The whole of such a file. @throws ThubanError TH1002 above `maxBytes` */
export function readBounded(path: string, maxBytes: number): Buffer {
  const fd = openRegular(path);
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length === buffer.length) break;
    }
    if (length > maxBytes)
      throw new ThubanError(
        'TH1002',
        `\`${path}\` has more than ${formatBytes(maxBytes)}, which is the most that is read`,
      );
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
