import { spawnSync } from 'node:child_process';

/** A terminal that nobody has asked for its size. */
const USUAL = { rows: 24, columns: 80 };

/** The terminal that this command runs in, if there is one. */
export class OwnTerminal {
  #isRaw = false;

  get size(): { rows: number; columns: number } {
    const screen = [process.stdout, process.stderr].find((stream) => stream.isTTY);
    return screen === undefined ? USUAL : { rows: screen.rows, columns: screen.columns };
  }

  /** `xterm-256color`, where there is one. */
  get kind(): string | undefined {
    const isThere = process.stdout.isTTY || process.stdin.isTTY;
    return isThere ? process.env['TERM'] : undefined;
  }

  /** Every key goes to the program, whose own terminal makes lines and signals of them. Restored at the latest when this process exits. */
  makeRaw(): void {
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    // Node.js leaves it to make two characters of a line feed, by which programs also move the cursor down. Without stty(1) it stays so.
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
    this.#isRaw = true;
    process.once('exit', this.#onExit);
  }

  restore(): void {
    if (!this.#isRaw) return;
    this.#isRaw = false;
    process.off('exit', this.#onExit);
    process.stdin.setRawMode(false);
  }

  readonly #onExit = (): void => {
    this.restore();
  };
}
