import { inspect } from 'node:util';

export type ColorChoice = 'auto' | 'always' | 'never';
export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** What a stream can show. Colour only repeats what a word says already. */
export interface Terminal {
  isTTY: boolean;
  /** Characters in a line; 80 when nobody knows. */
  columns: number;
  color: boolean;
  /** Only ASCII: the locale is not UTF-8, the terminal is a serial or a kernel console, or it was asked for. */
  ascii: boolean;
  style(style: Style, text: string): string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The three variables in the order in which a C library asks them; none is the C locale, which is ASCII. */
export function speaksAscii(env: Environment): boolean {
  if ((env['THUBAN_ASCII'] ?? '') !== '' && env['THUBAN_ASCII'] !== '0') return true;
  const term = env['TERM'] ?? '';
  if (term === 'linux' || term.startsWith('vt')) return true;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return !/utf-?8/i.test(locale ?? '');
}

export function terminalOf(stream: NodeJS.WriteStream, choice: ColorChoice, ascii = false): Terminal {
  const isTTY = stream.isTTY;
  const env = process.env;
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const color = choice === 'always' || (choice === 'auto' && isTTY && !plain);
  return {
    isTTY,
    columns: isTTY && stream.columns > 0 ? stream.columns : 80,
    color,
    ascii: ascii || speaksAscii(env),
    style: (style, text) => (color ? styled(style, text) : text),
  };
}

/** `styleText` of Node.js does the same from 20.12 on; what is on boards may be older. */
export function styled(style: Style, text: string): string {
  const [on, off] = inspect.colors[style] ?? [0, 0];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** A closed pipe (`| head`) is the reader's wish, not a failure. */
export function exitQuietlyOnClosedPipe(streams: NodeJS.EventEmitter[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}
