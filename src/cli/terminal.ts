import { styleText } from 'node:util';

export type ColorChoice = 'auto' | 'always' | 'never';
type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** What a stream can show. Colour only repeats what a word says already. */
export interface Terminal {
  isTTY: boolean;
  /** Characters in a line; 80 when nobody knows. */
  columns: number;
  color: boolean;
  style(style: Style, text: string): string;
}

export function terminalOf(stream: NodeJS.WriteStream, choice: ColorChoice): Terminal {
  const isTTY = stream.isTTY;
  const env = process.env;
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const color = choice === 'always' || (choice === 'auto' && isTTY && !plain);
  return {
    isTTY,
    columns: isTTY && stream.columns > 0 ? stream.columns : 80,
    color,
    style: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
  };
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
