import { count, type Clock } from '../base/index.ts';
import { MAX_HEADER, header, type LogStream, type Tag } from './log-format.ts';
import type { LogSegments } from './log-segments.ts';

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
const SHORT = 64;
/** Room that is kept for the remark that lines were lost. */
const REMARK_ROOM = 100;

export interface LogWriterOptions {
  segments: LogSegments;
  /** Room in which records are put together; one for all logs, because none of them waits while it is in use. */
  scratch: Buffer;
  clock: Clock;
  /** The last record of a stream that an earlier process wrote. */
  lastTag: (stream: LogStream) => Tag | undefined;
  /** Called after each write, with the error when it was none. */
  onWrite: (error: unknown) => void;
}

/**
 * Puts records together and writes them with as few writes as the files allow. What cannot be written is lost and counted, and the first
 * record that can be is preceded by a remark that says so.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #used = 0;
  /** Lines of programs that the scratch buffer holds, and all lines. */
  #outputLines = 0;
  #lines = 0;
  /** Where records must end so that they fit into the present file. */
  #end = 0;
  #lost = 0;
  #isFailing = false;
  /** Whether the last record of a stream is the beginning of a line: in the files, and with what waits to be written. */
  readonly #isOpen = new Map<LogStream, boolean>();
  readonly #willBeOpen = new Map<LogStream, boolean>();
  /** Streams of which the end of a line was lost after its beginning was written. */
  readonly #isTorn = new Set<LogStream>();
  #time = '';
  /** Of the present time. */
  readonly #headers = { F: new Map<LogStream, Buffer>(), P: new Map<LogStream, Buffer>() };

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** The longest content of a record, in bytes. */
  get longest(): number {
    const { segments, scratch } = this.#options;
    return Math.max(1, Math.min(segments.size, scratch.length) - MAX_HEADER - 1 - REMARK_ROOM);
  }

  /** Records that are added from here on have the present time. */
  begin(): void {
    this.#time = new Date(this.#options.clock.now()).toISOString();
    this.#headers.F.clear();
    this.#headers.P.clear();
  }

  /** Adds one record: the bytes of `chunk` from `from` to `to`, at most `longest`. */
  add(stream: LogStream, tag: Tag, chunk: Buffer, from = 0, to = chunk.length): void {
    if (this.#isTorn.delete(stream)) this.#put(stream, 'F', NOTHING, 0, 0);
    this.#put(stream, tag, chunk, from, to);
  }

  /** What comes next of this stream does not go on with its last record. */
  endLine(stream: LogStream): void {
    if (!this.#isUnfinished(stream)) return;
    this.#isTorn.delete(stream);
    this.#put(stream, 'F', NOTHING, 0, 0);
  }

  /** Writes what was added. */
  flush(): void {
    if (this.#used === 0) return;
    const { segments, scratch, onWrite } = this.#options;
    try {
      segments.append(scratch.subarray(0, this.#used), this.#lines);
      if (this.#isFailing) this.#lost = 0;
      this.#isFailing = false;
      for (const [stream, isOpen] of this.#willBeOpen) this.#isOpen.set(stream, isOpen);
      this.#reset();
      onWrite(undefined);
    } catch (error) {
      this.#lost += this.#outputLines;
      this.#isFailing = true;
      for (const stream of this.#willBeOpen.keys()) if (this.#isOpen.get(stream) === true) this.#isTorn.add(stream);
      this.#reset();
      onWrite(error);
    }
  }

  #put(stream: LogStream, tag: Tag, chunk: Buffer, from: number, to: number): void {
    const head = this.#header(stream, tag);
    const need = head.length + to - from + 1;
    if (this.#used > 0 && this.#used + need > this.#end) this.flush();
    if (this.#used === 0) this.#start(need);
    const { scratch } = this.#options;
    copy(head, 0, head.length, scratch, this.#used);
    copy(chunk, from, to, scratch, this.#used + head.length);
    this.#used += need;
    scratch[this.#used - 1] = NEWLINE;
    this.#willBeOpen.set(stream, tag === 'P');
    if (tag === 'P') return;
    this.#lines++;
    if (stream !== 'thuban') this.#outputLines++;
  }

  /** The first record decides whether a new file will be begun. */
  #start(need: number): void {
    const { segments, scratch } = this.#options;
    const remark = this.#isFailing ? this.#lostRemark() : undefined;
    const first = need + (remark?.length ?? 0);
    this.#end = Math.min(first > segments.room ? segments.size : segments.room, scratch.length);
    if (remark === undefined) return;
    scratch.set(remark, 0);
    this.#used = remark.length;
    this.#lines++;
  }

  #lostRemark(): Buffer {
    const text = `${count(Math.max(1, this.#lost), 'line')} lost: the log could not be written\n`;
    return Buffer.concat([this.#header('thuban', 'F'), Buffer.from(text)]);
  }

  #isUnfinished(stream: LogStream): boolean {
    const known = this.#willBeOpen.get(stream) ?? this.#isOpen.get(stream);
    if (known !== undefined) return known;
    const isOpen = this.#options.lastTag(stream) === 'P';
    this.#isOpen.set(stream, isOpen);
    return isOpen;
  }

  #reset(): void {
    this.#used = 0;
    this.#lines = 0;
    this.#outputLines = 0;
    this.#willBeOpen.clear();
  }

  #header(stream: LogStream, tag: Tag): Buffer {
    const headers = this.#headers[tag];
    let found = headers.get(stream);
    if (found === undefined) headers.set(stream, (found = header(this.#time, stream, tag)));
    return found;
  }
}

/** A call out of the engine costs more than a short copy inside of it, and lines are mostly short. */
function copy(source: Buffer, from: number, to: number, target: Buffer, at: number): void {
  if (to - from > SHORT) source.copy(target, at, from, to);
  else for (let i = from; i < to; i++) target[at + i - from] = source[i] ?? 0;
}
