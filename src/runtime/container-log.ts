import type { Clock } from '../base/index.ts';
import type { LogQuery } from './control.ts';
import { LineGate } from './line-gate.ts';
import { LineSplitter } from './line-splitter.ts';
import type { LogRecord } from './log-format.ts';
import { lastTag, readLog } from './log-reader.ts';
import { LogSegments, type SegmentLimit } from './log-segments.ts';
import { LogWriter } from './log-writer.ts';
import type { OutputSink, Stream } from './output.ts';
import { Waiting } from './waiting.ts';

export interface LogStoreOptions {
  folder: string;
  limit: SegmentLimit;
  /** Bytes. */
  maxLine: number;
  /** Lines a second. */
  rate: number;
  clock: Clock;
  scratch: Buffer;
  onWrite: (error: unknown) => void;
  onDropped: (lines: number) => void;
}

/**
 * The log of one container. It takes everything at once and never throws: what it cannot keep is counted, and a remark in the log tells how
 * much it was. A chunk is with the kernel when `write` returns.
 */
export class LogStore implements OutputSink {
  readonly #options: LogStoreOptions;
  readonly #segments: LogSegments;
  readonly #writer: LogWriter;
  readonly #gate: LineGate;
  readonly #splitter: LineSplitter;
  readonly #waiting = new Waiting();
  readonly #closing = new AbortController();
  #isTelling = false;

  constructor(options: LogStoreOptions) {
    const { folder, limit, clock, scratch } = options;
    this.#options = options;
    this.#segments = new LogSegments(folder, limit);
    this.#writer = new LogWriter({
      segments: this.#segments,
      scratch,
      clock,
      lastTag: (stream) => this.#guard(() => lastTag(this.#segments, stream)),
      onWrite: (error) => {
        options.onWrite(error);
        if (error === undefined) this.#waiting.wake();
      },
    });
    this.#gate = new LineGate(options.rate, clock);
    this.#splitter = new LineSplitter(this.#writer, this.#gate, options.maxLine);
    this.#guard(() => {
      this.#segments.adopt();
    });
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Always true: no program waits for its log. */
  write(stream: Stream, chunk: Buffer): true {
    if (this.isClosed) return true;
    this.#writer.begin();
    if (this.#gate.opensIn === 0) this.#tellDropped();
    this.#splitter.push(stream, chunk);
    this.#writer.flush();
    if (this.#splitter.hasDropped) void this.#tellWhenOpen();
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends an unfinished line, also one that an earlier daemon began. */
  end(stream: Stream): void {
    if (this.isClosed) return;
    this.#writer.begin();
    this.#splitter.end(stream);
    this.#writer.flush();
  }

  /** Adds a line of the runtime, for example that the program was restarted. */
  remark(line: string): void {
    if (this.isClosed) return;
    this.#writer.begin();
    this.#addRemark(line);
    this.#writer.flush();
  }

  /** Batches of records, oldest first; see `readLog`. The oldest go when there are more than the limits allow. */
  read(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord[]> {
    const source = {
      segments: this.#segments,
      maxLine: this.#options.maxLine,
      now: () => new Date(this.#options.clock.now()).toISOString(),
      isClosed: () => this.isClosed,
      changed: (aborted: AbortSignal) => this.#waiting.wait(aborted),
    };
    return readLog(source, query, signal);
  }

  /** From now on it takes part in the space with so much. */
  restrict(limit: SegmentLimit): void {
    this.#guard(() => {
      this.#segments.restrict(limit);
    });
  }

  /** Nothing is written any more; readers end with what is there. The files stay. */
  close(): void {
    if (this.isClosed) return;
    this.#writer.begin();
    this.#tellDropped();
    this.#writer.flush();
    this.#closing.abort();
    this.#segments.close();
    this.#waiting.wake();
  }

  /** A log that cannot be kept is told, and stops nobody. */
  #guard<T>(what: () => T): T | undefined {
    try {
      return what();
    } catch (error) {
      this.#options.onWrite(error);
      return undefined;
    }
  }

  #addRemark(line: string): void {
    const text = Buffer.from(line.replaceAll(/[\r\n]+/g, ' '));
    this.#writer.add('thuban', 'F', text, 0, Math.min(text.length, this.#writer.longest));
  }

  /** A program that falls silent after a flood shall not hide what was lost. */
  async #tellWhenOpen(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      await this.#options.clock.sleep(this.#gate.opensIn, this.#closing.signal);
    } catch {
      return; // closed, and told by that
    } finally {
      this.#isTelling = false;
    }
    this.#writer.begin();
    if (this.#gate.opensIn === 0) this.#tellDropped();
    else void this.#tellWhenOpen();
    this.#writer.flush();
  }

  #tellDropped(): void {
    const lines = this.#splitter.takeDropped();
    if (lines === 0) return;
    this.#addRemark(`${lines} ${lines === 1 ? 'line' : 'lines'} dropped: over ${this.#options.rate} lines/s`);
    this.#options.onDropped(lines);
  }
}
