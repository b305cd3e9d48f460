import { formatDuration } from '../../base/index.ts';
import type { Context } from '../context.ts';

/** The tour's way of speaking: step, time since the step began, event, text; `ok` only for what was checked. */
export class Screen {
  failures = 0;
  readonly #context: Context;
  #stepBegan = performance.now();

  constructor(context: Context) {
    this.#context = context;
  }

  line(text = ''): void {
    process.stdout.write(`${text}\n`);
  }

  step(number: number, title: string, file: string): void {
    this.#stepBegan = performance.now();
    this.line();
    this.line(`${this.#context.out.style('bold', `${number} ${title}`.padEnd(60))} ${file.padStart(19)}`);
  }

  event(name: string, text: string): void {
    const time = formatDuration(performance.now() - this.#stepBegan).padStart(8);
    this.line(`${time}  ${name.padEnd(10)} ${text}`);
  }

  output(text: string): void {
    // What a container writes must not be able to speak to the terminal.
    const clean = text.replaceAll(/\p{Cc}/gu, (c) => `^${String.fromCharCode(c.charCodeAt(0) ^ 0x40)}`);
    this.line(`  | ${clean}`);
  }

  /** What the program checked itself. A miss says what was expected and what was seen. */
  check(right: boolean, text: string, expected: string, seen: string): void {
    if (right) {
      this.line(`  ${this.#context.out.style('green', 'ok')}  ${text}`);
      return;
    }
    this.failures++;
    this.line(`  ${this.#context.out.style('red', 'NOT')} ${text}: expected ${expected}, seen ${seen}`);
  }

  bar(share: number): string {
    const filled = Math.max(0, Math.min(20, Math.round(share * 20)));
    return `[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}]`;
  }
}
