import type { Span } from './tree.ts';

/** The text of a document and where its lines begin. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Line and column, both from 1. An offset at the very end belongs to the last line that holds text. */
  place(offset: number): { line: number; column: number } {
    const at = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#starts[low] ?? 0) + 1 };
  }

  /** Offset at which a line begins; lines count from 1. */
  start(number: number): number {
    return this.#starts[number - 1] ?? this.text.length;
  }

  /** Text of a line without its end; lines count from 1. */
  line(number: number): string {
    const start = this.#starts[number - 1];
    if (start === undefined) return '';
    const end = this.#starts[number];
    return this.text.slice(start, end === undefined ? undefined : end - 1).replace(/\r$/, '');
  }

  /** The part of a span that stands on its first line, at least one column. */
  firstLine(span: Span): Span {
    const text = this.text.slice(span.offset, span.offset + Math.min(span.length, 4096));
    const end = text.search(/\r?\n/);
    return { offset: span.offset, length: Math.max(1, end < 0 ? text.length : end) };
  }
}
