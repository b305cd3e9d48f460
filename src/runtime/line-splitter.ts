import type { LineGate } from './line-gate.ts';
import type { LogWriter } from './log-writer.ts';
import type { Stream } from './output.ts';

const NEWLINE = 0x0a;

/** Where a stream stands in its line. */
interface Position {
  /** Bytes of the present record, which may come in several chunks. */
  filled: number;
  /** The record has passed the gate. */
  hasBegun: boolean;
  /** The rest of the line is not wanted. */
  isSkipping: boolean;
}

/** Makes records of the chunks of a program's output: cuts them into lines, lines into pieces, and drops what comes too fast. */
export class LineSplitter {
  readonly #writer: LogWriter;
  readonly #gate: LineGate;
  readonly #maxLine: number;
  readonly #positions = { stdout: start(), stderr: start() };
  #dropped = 0;

  /** `maxLine`: bytes, at least 1. */
  constructor(writer: LogWriter, gate: LineGate, maxLine: number) {
    this.#writer = writer;
    this.#gate = gate;
    this.#maxLine = maxLine;
  }

  /** Lines dropped since they were last asked for. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  get hasDropped(): boolean {
    return this.#dropped > 0;
  }

  push(stream: Stream, chunk: Buffer): void {
    const position = this.#positions[stream];
    let at = position.isSkipping ? this.#skip(position, chunk) : 0;
    let newline = -1;
    const longest = Math.min(this.#maxLine, this.#writer.longest);
    while (at < chunk.length) {
      if (!position.hasBegun && !this.#gate.take()) {
        this.#drop(stream, position, chunk, at);
        return;
      }
      position.hasBegun = true;
      // Looked for once a line, not once a piece.
      if (newline < at) newline = indexOrEnd(chunk, at);
      const room = Math.max(0, longest - position.filled);
      if (newline - at > room) {
        if (room > 0) this.#writer.add(stream, 'P', chunk, at, at + room);
        at += room;
        Object.assign(position, start());
      } else if (newline < chunk.length) {
        this.#writer.add(stream, 'F', chunk, at, newline);
        at = newline + 1;
        Object.assign(position, start());
      } else {
        this.#writer.add(stream, 'P', chunk, at, newline);
        position.filled += newline - at;
        at = newline;
      }
    }
  }

  /** No more will come: what follows begins a line. */
  end(stream: Stream): void {
    Object.assign(this.#positions[stream], start());
    this.#writer.endLine(stream);
  }

  /** Everything from `at` on: no time passes inside of a chunk. */
  #drop(stream: Stream, position: Position, chunk: Buffer, at: number): void {
    this.#writer.endLine(stream);
    for (let i = at; i < chunk.length; i++) if (chunk[i] === NEWLINE) this.#dropped++;
    position.isSkipping = chunk[chunk.length - 1] !== NEWLINE;
    if (position.isSkipping) this.#dropped++;
  }

  /** Returns where the next line begins. */
  #skip(position: Position, chunk: Buffer): number {
    const newline = chunk.indexOf(NEWLINE);
    if (newline < 0) return chunk.length;
    position.isSkipping = false;
    return newline + 1;
  }
}

function start(): Position {
  return { filled: 0, hasBegun: false, isSkipping: false };
}

function indexOrEnd(chunk: Buffer, at: number): number {
  const found = chunk.indexOf(NEWLINE, at);
  return found < 0 ? chunk.length : found;
}
