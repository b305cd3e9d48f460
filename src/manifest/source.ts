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

/** Reads UTF-8; gives the offset and value of the first byte that is not text. A byte order mark is dropped. */
export function decode(bytes: Uint8Array): { text: string } | { badByte: number; at: number } {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const body = bytes.subarray(start);
  const nul = body.indexOf(0);
  if (nul >= 0) return { badByte: 0, at: start + nul };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body) };
  } catch {
    const at = start + firstBadByte(body);
    return { badByte: bytes[at] ?? 0, at };
  }
}

/** Halves the search: a prefix that decodes as a stream holds no bad byte. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle - 1;
    }
  }
  return good;
}
