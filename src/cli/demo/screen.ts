import { formatDuration, visible } from '../../base/index.ts';
import type { Context } from '../context.ts';

export interface Check {
  step: string;
  ok: boolean;
  text: string;
  expected?: string;
  seen?: string;
}

/** The tour's way of speaking: step, time since the step began, event, text; `ok` only for what was checked. */
export class Screen {
  readonly checks: Check[] = [];
  readonly #context: Context;
  #stepBegan = performance.now();
  #step = '';

  constructor(context: Context) {
    this.#context = context;
  }

  get failures(): number {
    return this.checks.filter((check) => !check.ok).length;
  }

  /** What --quiet leaves out, and --json too. */
  line(text = ''): void {
    if (!this.#context.quiet) this.last(text);
  }

  /** What --quiet still shows. */
  last(text: string): void {
    if (!this.#context.json) process.stdout.write(`${text}\n`);
  }

  step(number: number, title: string, file: string): void {
    this.#stepBegan = performance.now();
    this.#step = file;
    this.line();
    this.line(`${this.#context.out.style('bold', `${number} ${title}`.padEnd(60))} ${file.padStart(19)}`);
  }

  event(name: string, text: string): void {
    const time = formatDuration(performance.now() - this.#stepBegan).padStart(8);
    this.line(`${time}  ${name.padEnd(10)} ${text}`);
  }

  output(text: string): void {
    // What a container writes must not be able to speak to the terminal.
    this.line(`  | ${visible(text)}`);
  }

  /** What the program checked itself. A miss says what was expected and what was seen. */
  check(ok: boolean, text: string, expected: string, seen: string): void {
    this.checks.push({ step: this.#step, ok, text, ...(ok ? {} : { expected, seen }) });
    if (ok) this.line(`  ${this.#context.out.style('green', 'ok')}  ${text}`);
    else this.last(`  ${this.#context.out.style('red', 'NOT')} ${text}: expected ${expected}, seen ${seen}`);
  }

  bar(share: number): string {
    const filled = Math.max(0, Math.min(20, Math.round(share * 20)));
    return `[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}]`;
  }
}
