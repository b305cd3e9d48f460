import { getSystemErrorMap } from 'node:util';

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
