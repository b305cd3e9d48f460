import type { LogRecord, LogStream, RawRecord } from './log-format.ts';

interface Unfinished {
  time: string;
  parts: Buffer[];
  bytes: number;
}

/** Joins the parts of lines again, of each stream for itself, and cuts what is longer than a record may be. */
export class LineAssembler {
  readonly #maxLine: number;
  readonly #unfinished = new Map<LogStream, Unfinished>();

  /** `maxLine`: bytes. */
  constructor(maxLine: number) {
    this.#maxLine = maxLine;
  }

  /** Adds to `out` what is whole with this record. */
  push(record: RawRecord, out: LogRecord[]): void {
    const { time, stream, tag } = record;
    let line = this.#unfinished.get(stream);
    let content = record.content;
    // A remark is one record, and ours: it is not cut.
    const fits = stream === 'thuban' || content.length <= this.#maxLine;
    if (line === undefined && tag === 'F' && fits) {
      out.push({ time, stream, line: content.toString() });
      return;
    }
    line ??= { time, parts: [], bytes: 0 };
    line.time = time;
    while (line.bytes + content.length > this.#maxLine) {
      const whole = Buffer.concat([...line.parts, content]);
      const end = characterEnd(whole, this.#maxLine);
      out.push({ time, stream, line: whole.toString('utf8', 0, end), partial: true });
      content = whole.subarray(end);
      line = { time, parts: [], bytes: 0 };
    }
    if (tag === 'F') {
      this.#unfinished.delete(stream);
      out.push({ time, stream, line: Buffer.concat([...line.parts, content]).toString() });
      return;
    }
    // A copy, so that a few waiting bytes do not hold the block that they were read with.
    line.parts.push(Buffer.from(content));
    line.bytes += content.length;
    this.#unfinished.set(stream, line);
  }

  /** What has no end will get none: adds it to `out` as it is. */
  flush(out: LogRecord[]): void {
    for (const [stream, { time, parts }] of this.#unfinished)
      out.push({ time, stream, line: Buffer.concat(parts).toString(), partial: true });
    this.#unfinished.clear();
  }
}

/** The last place up to `end` that is not inside of a character; `end` itself where the bytes are no UTF-8. */
function characterEnd(bytes: Buffer, end: number): number {
  const isInside = (at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  for (let at = end; at > Math.max(0, end - 4); at--) if (!isInside(at)) return at;
  return end;
}
