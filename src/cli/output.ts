import { StringDecoder } from 'node:string_decoder';
import type { OutputSink, Stream } from '../runtime/index.ts';
import { standardStream } from './standard-streams.ts';

function drainOf(stream: Stream): Promise<void> {
  return new Promise((resolve) => {
    standardStream(stream).once('drain', resolve);
  });
}

/** The program's output, byte for byte, on our own stdout and stderr. */
export class PassThrough implements OutputSink {
  write(stream: Stream, chunk: Buffer): boolean {
    return standardStream(stream).write(chunk);
  }

  drained(stream: Stream): Promise<void> {
    return drainOf(stream);
  }
}

/** Lines longer than this are cut into several. */
const MAX_LINE = 16 * 1024;

/** Cuts a stream of bytes into lines; what has no line end yet waits for more. */
class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  push(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_LINE) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return lines;
  }

  /** The last line, if it had no end. */
  end(): string[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}

/** Hands each line of the program's output over as text. */
export class LineOutput implements OutputSink {
  readonly #splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  readonly #take: (line: string, stream: Stream) => void;

  constructor(take: (line: string, stream: Stream) => void) {
    this.#take = take;
  }

  write(stream: Stream, chunk: Buffer): boolean {
    for (const line of this.#splitters[stream].push(chunk)) this.#take(line, stream);
    return true;
  }

  end(stream: Stream): void {
    for (const line of this.#splitters[stream].end()) this.#take(line, stream);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

/** The program's output as NDJSON: `{time, stream, line}`. */
export class JsonOutput implements OutputSink {
  readonly #splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };

  write(stream: Stream, chunk: Buffer): boolean {
    return this.#print(stream, this.#splitters[stream].push(chunk));
  }

  end(stream: Stream): void {
    this.#print(stream, this.#splitters[stream].end());
  }

  #print(stream: Stream, lines: string[]): boolean {
    const time = new Date().toISOString();
    const text = lines.map((line) => `${JSON.stringify({ time, stream, line })}\n`).join('');
    return text === '' || standardStream('stdout').write(text);
  }

  drained(): Promise<void> {
    return drainOf('stdout');
  }
}
