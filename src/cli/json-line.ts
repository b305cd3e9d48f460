/** JSON in one line that can be broken at its blanks. (A line end inside of a text is an escape, and stays.) */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
}
