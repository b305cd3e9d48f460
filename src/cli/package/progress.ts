import { formatBytes, formatDuration, formatShare } from '../../base/index.ts';
import type { Terminal } from '../terminal.ts';
import { cutEnd } from '../text-width.ts';

/** After so long a person wonders how far it is. */
const PATIENCE_MS = 500;
const REDRAW_MS = 200;
const BAR = 10;
/** Before so much has passed a rate says little. */
const RATE_AFTER_MS = 1000;

/** `install camera-2.1.0.tar  [#####.....] 52 %  41/80 MiB  12.1 MB/s  3 s left` */
export function progressLine(what: string, done: number, size: number, elapsed: number): string {
  const share = size === 0 ? 1 : done / size;
  const filled = Math.floor(share * BAR);
  const parts = [
    what,
    `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${Math.floor(share * 100)} %`,
    formatShare(done, size),
  ];
  if (done === size) parts.push('the daemon checks and starts it');
  else if (elapsed >= RATE_AFTER_MS && done > 0) {
    const rate = done / (elapsed / 1000);
    parts.push(
      `${(rate / 1e6).toFixed(1)} MB/s`,
      `${formatDuration(Math.max(1000, ((size - done) / rate) * 1000))} left`,
    );
  }
  return parts.join('  ');
}

/** How far something large is, in one line that is drawn again and again: only for a person, and only when it takes long. */
export class Progress implements Disposable {
  done = 0;
  readonly #what: string;
  readonly #size: number;
  readonly #terminal: Terminal;
  readonly #write: (text: string) => void;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #isDrawn = false;

  constructor(what: string, size: number, terminal: Terminal, write: (text: string) => void) {
    this.#what = what;
    this.#size = size;
    this.#terminal = terminal;
    this.#write = write;
    if (!terminal.isTTY) {
      write(`${what}, ${formatBytes(size)}\n`);
      return;
    }
    this.#timer = setInterval(() => {
      this.#draw();
    }, REDRAW_MS);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#isDrawn) this.#write('\r\x1b[K');
  }

  #draw(): void {
    const elapsed = performance.now() - this.#began;
    if (elapsed < PATIENCE_MS) return;
    this.#isDrawn = true;
    const line = progressLine(this.#what, this.done, this.#size, elapsed);
    this.#write(`\r${cutEnd(line, this.#terminal.columns - 1, this.#terminal.ascii)}\x1b[K`);
  }
}
