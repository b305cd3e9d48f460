import type { Terminal } from '../terminal.ts';

/** What a terminal needs to be told to draw in place; a serial console understands it too. */
const UP = (lines: number): string => (lines === 0 ? '\r' : `\r\x1b[${lines}A`);
const END_OF_LINE = '\x1b[K';
const END_OF_SCREEN = '\x1b[J';

/** Draws the same lines again and again, over those before. */
export class Screen {
  readonly #write: (text: string) => void;
  #drawn = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${END_OF_LINE}\n`).join('');
    this.#write(UP(this.#drawn) + text + END_OF_SCREEN);
    this.#drawn = lines.length;
  }

  /** What stands there stays; the next lines come below, because something else was printed. */
  leave(): void {
    this.#drawn = 0;
  }
}

/** Whether lines can be drawn over: a terminal that knows no more than text cannot. */
export function canRedraw({ isTTY }: Terminal): boolean {
  return isTTY && process.env['TERM'] !== 'dumb';
}

/** As many lines as fit, header first; what does not is counted. */
export function cutToHeight(lines: readonly string[], rows: number | undefined): string[] {
  // The cursor stands below the last line.
  const room = (rows ?? 24) - 1;
  if (lines.length <= room) return [...lines];
  const shown = Math.max(1, room - 1);
  return [...lines.slice(0, shown), `  ${shown - 1} of ${lines.length - 1} containers`];
}
