import type { Stream } from './output.ts';

export type LogStream = Stream | 'thuban';

/** One line that a program wrote. Stream `thuban`: a remark of the runtime itself, for example that lines were lost. */
export interface LogRecord {
  /** RFC 3339, UTC, with milliseconds: when the line was whole. */
  time: string;
  stream: LogStream;
  line: string;
  /** The line goes on in the next record of its stream, because it is longer than a record may be, or has not ended yet. */
  partial?: true;
}

/**
 * A log file is in the format of the Kubernetes container runtime interface: `TIME STREAM TAG CONTENT`, one record a line. Tag F ends a
 * line of the program, P does not: the next record of the same stream goes on with it. So a chunk can be put away as it came, and the
 * content is the program's own bytes.
 */
export type Tag = 'F' | 'P';

const SPACE = 0x20;
const NEWLINE = 0x0a;
/** Of the longest header: a time in milliseconds, the longest stream and a tag, with a space behind each. */
export const MAX_HEADER = '2026-01-31T10:00:00.000Z stdout F '.length;

export function header(time: string, stream: LogStream, tag: Tag): Buffer {
  return Buffer.from(`${time} ${stream} ${tag} `, 'latin1');
}

/** A record as it stands in a file. */
export interface RawRecord {
  time: string;
  stream: LogStream;
  tag: Tag;
  content: Buffer;
}

/** One record without its newline. Undefined: it is damaged. */
export function parseRecord(block: Buffer, from: number, to: number): RawRecord | undefined {
  const timeEnd = block.indexOf(SPACE, from);
  const streamEnd = timeEnd < 0 ? -1 : block.indexOf(SPACE, timeEnd + 1);
  if (streamEnd < 0 || streamEnd + 3 > to || block[streamEnd + 2] !== SPACE) return undefined;
  const stream = block.toString('latin1', timeEnd + 1, streamEnd);
  const tag = block.toString('latin1', streamEnd + 1, streamEnd + 2);
  if (!isStream(stream) || (tag !== 'F' && tag !== 'P')) return undefined;
  return { time: block.toString('latin1', from, timeEnd), stream, tag, content: block.subarray(streamEnd + 3, to) };
}

/** Calls `take` with every whole record of a block, undefined for a damaged one. Returns how many bytes these are. */
export function eachRecord(block: Buffer, take: (record: RawRecord | undefined) => void): number {
  let at = 0;
  for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, at)) {
    take(parseRecord(block, at, end));
    at = end + 1;
  }
  return at;
}

function isStream(text: string): text is LogStream {
  return text === 'stdout' || text === 'stderr' || text === 'thuban';
}
