/** One line for the person in front of the terminal: what is no data goes to stderr. */
export function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Data: lines on stdout. */
export function print(lines: string | readonly string[]): void {
  const text = typeof lines === 'string' ? lines : lines.join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
