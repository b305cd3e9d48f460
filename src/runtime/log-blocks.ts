import { closeSync, constants, openSync, readSync } from 'node:fs';
import { formatBytes, hasErrno } from '../base/index.ts';
import { eachRecord, type RawRecord } from './log-format.ts';
import type { LogSegments, Segment } from './log-segments.ts';

/** Bytes that are read at once. */
const BLOCK = 65_536;

/** A record, or what stands in its place in words when it cannot be read. */
export type Found = RawRecord | string;

/**
 * Reads some whole records of one file, from `offset` up to `end` at most, which both lie between records. Returns how many bytes they take:
 * more than 0. The file is opened anew each time, so a reader that is never asked again holds nothing.
 */
export function readRecords(
  segments: LogSegments,
  { number, size }: Segment,
  offset: number,
  take: (found: Found) => void,
  end = size,
): number {
  let fd: number;
  try {
    fd = openSync(segments.path(number), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    take(`${formatBytes(end - offset)} lost: the file is gone`);
    return end - offset;
  }
  try {
    for (let length = Math.min(BLOCK, end - offset); ; length = Math.min(2 * length, end - offset)) {
      const block = Buffer.allocUnsafe(length);
      const got = readSync(fd, block, 0, length, offset);
      const whole = eachRecord(block.subarray(0, got), (record) => {
        take(record ?? 'a damaged record was left out');
      });
      if (whole > 0) return whole;
      if (got < length || length === end - offset) {
        take(`${formatBytes(end - offset)} lost: the file is damaged`);
        return end - offset;
      }
    }
  } finally {
    closeSync(fd);
  }
}
