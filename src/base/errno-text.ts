import { getSystemErrorMap } from 'node:util';
import { errnoOf, messageOf } from './errors.ts';

/** What libuv does not know; it has the words of the C library for the rest. */
const missing: Readonly<Record<string, string>> = {
  ENOEXEC: 'exec format error',
  ENOTBLK: 'block device required',
  EOPNOTSUPP: 'operation not supported',
};

/** An errno name in words: `ENOENT` is "no such file or directory". */
export function errnoText(errno: string): string {
  for (const [name, text] of getSystemErrorMap().values()) if (name === errno) return text;
  return missing[errno] ?? errno;
}

/**
 * What went wrong, for a sentence that names the object itself: `no such file or directory (ENOENT)`. Node.js puts the system call and the
 * path into its messages, and a second time the errno.
 */
export function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  return errno === undefined ? messageOf(error) : `${errnoText(errno)} (${errno})`;
}
