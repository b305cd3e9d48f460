import { setImmediate as turn } from 'node:timers/promises';
import { ThubanError, count, formatBytes } from '../base/index.ts';
import type { LogQuery } from './control.ts';
import { LineAssembler } from './log-assembler.ts';
import { readRecords, type Found } from './log-blocks.ts';
import type { LogRecord, LogStream, Tag } from './log-format.ts';
import type { LogSegments } from './log-segments.ts';

export interface LogSource {
  segments: LogSegments;
  /** Bytes. */
  maxLine: number;
  /** RFC 3339. */
  now: () => string;
  /** Nothing will be written any more. */
  isClosed: () => boolean;
  /** Resolves after the next write, when the log is closed, or when the signal aborts. */
  changed: (signal: AbortSignal) => Promise<void>;
}

/** A place between two records. */
interface Cursor {
  position: number;
  /** Which line of this process's lines comes next. Undefined: nobody has counted. */
  line: number | undefined;
}

/**
 * Reads a log as the query asks, in batches of a few hundred kilobytes at most. A reader is a place in the files and nothing else: a slow one
 * costs nothing, and when the file that it stands in is gone, it is told how much it missed and goes on with the oldest that there is.
 *
 * @throws ThubanError TH6012 when `since` is no time.
 */
export async function* readLog(
  source: LogSource,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogRecord[], void, undefined> {
  const { segments } = source;
  const { follow = false, tail } = query;
  const since = query.since === undefined ? '' : toTime(query.since);
  const present = segments.end;
  // Who does not follow reads what there is now, however fast more comes.
  const end = follow ? Infinity : present;
  const cursor = tail === undefined ? firstOf(segments) : tailOf(segments, tail);
  let skip = tail === undefined ? 0 : (await countRecords(source, cursor, present, follow)) - tail;
  const assembler = new LineAssembler(source.maxLine);
  while (!signal.aborted) {
    const batch: LogRecord[] = [];
    const missed = catchUp(segments, cursor);
    if (missed !== undefined) {
      assembler.flush(batch);
      batch.push(remark(source, `${missed} lost: this reader was too slow`));
      skip = 0;
    }
    const isAtEnd = cursor.position >= Math.min(end, segments.end);
    const isOver = isAtEnd && (!follow || source.isClosed());
    if (!isAtEnd) readBlock(source, cursor, end, assembler, batch);
    if (isOver) assembler.flush(batch);
    const skipped = Math.min(Math.max(0, skip), batch.length);
    skip -= skipped;
    const told = batch.slice(skipped).filter(({ time }) => time >= since);
    if (told.length > 0) yield told;
    if (isOver) return;
    // One block a turn: a long log must not hold up what else the daemon has to do.
    if (!isAtEnd) await turn();
    else if (cursor.position >= segments.end && !source.isClosed()) await source.changed(signal);
  }
}

/** The tag of the last record of a stream; undefined when there is none. */
export function lastTag(segments: LogSegments, stream: LogStream): Tag | undefined {
  for (const segment of segments.list.toReversed()) {
    let tag: Tag | undefined;
    for (let offset = 0; offset < segment.size;)
      offset += readRecords(segments, segment, offset, (found) => {
        if (typeof found !== 'string' && found.stream === stream) tag = found.tag;
      });
    if (tag !== undefined) return tag;
  }
  return undefined;
}

function firstOf(segments: LogSegments): Cursor {
  const [oldest] = segments.list;
  return { position: oldest?.start ?? segments.end, line: oldest?.firstLine };
}

/** The beginning of the newest file from which on there are so many lines. Only the files that it takes are looked into. */
function tailOf(segments: LogSegments, wanted: number): Cursor {
  let cursor: Cursor = { position: segments.end, line: segments.lines };
  let lines = 0;
  for (const segment of segments.list.toReversed()) {
    if (lines >= wanted) break;
    for (let offset = 0; offset < segment.size;)
      offset += readRecords(segments, segment, offset, (found) => {
        if (typeof found !== 'string' && found.tag === 'F') lines++;
      });
    cursor = { position: segment.start, line: segment.firstLine };
  }
  return cursor;
}

/** How many records a reader from `from` to `end` will be given. */
async function countRecords(source: LogSource, from: Cursor, end: number, follow: boolean): Promise<number> {
  const cursor = { ...from };
  const assembler = new LineAssembler(source.maxLine);
  let records = 0;
  while (cursor.position < end) {
    const batch: LogRecord[] = [];
    if (catchUp(source.segments, cursor) !== undefined) continue;
    readBlock(source, cursor, end, assembler, batch);
    records += batch.length;
    await turn();
  }
  const unfinished: LogRecord[] = [];
  if (!follow) assembler.flush(unfinished);
  return records + unfinished.length;
}

/** Moves a cursor whose file is gone to the oldest one. Returns how much it missed. */
function catchUp(segments: LogSegments, cursor: Cursor): string | undefined {
  const oldest = firstOf(segments);
  if (cursor.position >= oldest.position) return undefined;
  const missed =
    cursor.line === undefined || oldest.line === undefined
      ? formatBytes(oldest.position - cursor.position)
      : count(oldest.line - cursor.line, 'line');
  Object.assign(cursor, oldest);
  return missed;
}

/** Reads on in the file in which the cursor stands. */
function readBlock(source: LogSource, cursor: Cursor, end: number, assembler: LineAssembler, out: LogRecord[]): void {
  const { segments } = source;
  const segment = segments.list.find(({ start, size }) => cursor.position < start + size);
  if (segment === undefined) return;
  if (cursor.position === segment.start) cursor.line = segment.firstLine;
  const take = (found: Found): void => {
    if (typeof found === 'string') out.push(remark(source, found));
    else assembler.push(found, out);
    if (cursor.line !== undefined && (typeof found === 'string' || found.tag === 'F')) cursor.line++;
  };
  const last = Math.min(segment.size, end - segment.start);
  cursor.position += readRecords(segments, segment, cursor.position - segment.start, take, last);
}

function remark(source: LogSource, line: string): LogRecord {
  return { time: source.now(), stream: 'thuban', line };
}

/** In the form of the files, in which later is greater. */
function toTime(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new ThubanError('TH6012', `\`since\` is no time: \`${text}\``, { hint: 'use the form 2026-01-31T10:00:00Z' });
  return new Date(ms).toISOString();
}
