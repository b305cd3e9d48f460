/** sockaddr_un holds 108 bytes with the closing NUL. libuv before 1.47 cuts a longer path in silence and would use another file. */
export const LONGEST_PATH = 107;

export function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > LONGEST_PATH;
}
