import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { hasErrno } from '../base/index.ts';

/** `files` files of at most `size` bytes each. */
export interface SegmentLimit {
  size: number;
  files: number;
}

/** One file of a log. Positions are bytes since the beginning of the oldest file that was there when the log was opened. */
export interface Segment {
  readonly number: number;
  readonly start: number;
  size: number;
  /** How many lines this process had written before it. Undefined: it was begun by another one, and nobody has counted. */
  readonly firstLine: number | undefined;
}

const NUMBER = /^(0|[1-9]\d{0,14})$/;
const REPAIR_BLOCK = 65_536;

/**
 * The files of one container's log, numbered ever upward; the last one is written to, the oldest is removed when there are too many. Bytes
 * that were appended stay with the kernel when this process dies.
 */
export class LogSegments {
  readonly #folder: string;
  #limit: SegmentLimit;
  readonly #list: Segment[] = [];
  #fd: number | undefined;
  #lines = 0;

  constructor(folder: string, limit: SegmentLimit) {
    this.#folder = folder;
    this.#limit = limit;
  }

  /**
   * Takes over what an earlier process wrote. A record that it could not write to its end is cut off.
   *
   * @throws the error of the system.
   */
  adopt(): void {
    const found: Segment[] = [];
    let start = 0;
    for (const number of numbersIn(this.#folder)) {
      const { size } = statSync(this.path(number));
      found.push({ number, start, size, firstLine: undefined });
      start += size;
    }
    const last = found.at(-1);
    if (last !== undefined) last.size = cutTornRecord(this.path(last.number));
    this.#list.push(...found);
    this.#trim();
  }

  get list(): readonly Segment[] {
    return this.#list;
  }

  /** Where the next byte will stand. */
  get end(): number {
    const last = this.#list.at(-1);
    return last === undefined ? 0 : last.start + last.size;
  }

  /** Lines that this process has written. */
  get lines(): number {
    return this.#lines;
  }

  get size(): number {
    return this.#limit.size;
  }

  /** Bytes that still fit into the present file. */
  get room(): number {
    const last = this.#list.at(-1);
    return last === undefined ? this.#limit.size : Math.max(0, this.#limit.size - last.size);
  }

  path(number: number): string {
    return join(this.#folder, String(number));
  }

  /** A smaller limit removes the oldest files at once. */
  restrict(limit: SegmentLimit): void {
    if (limit.size === this.#limit.size && limit.files === this.#limit.files) return;
    this.#limit = limit;
    if ((this.#list.at(-1)?.size ?? 0) > limit.size) this.#begin();
    this.#trim();
  }

  /**
   * Writes whole records, which are at most as long as a file may be.
   *
   * @throws the error of the system; then nothing of them is in the file.
   */
  append(records: Buffer, lines: number): void {
    if (records.length > this.room && this.room < this.#limit.size) this.#begin();
    const last = this.#list.at(-1) ?? this.#begin();
    const fd = (this.#fd ??= this.#open(last.number));
    try {
      for (let done = 0; done < records.length;) done += writeSync(fd, records, done);
    } catch (error) {
      // A disk that gets full takes the first part of a write.
      ftruncateSync(fd, last.size);
      throw error;
    }
    last.size += records.length;
    this.#lines += lines;
    this.#trim();
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #begin(): Segment {
    const number = (this.#list.at(-1)?.number ?? -1) + 1;
    const fd = this.#open(number);
    this.close();
    this.#fd = fd;
    const segment = { number, start: this.end, size: fstatSync(fd).size, firstLine: this.#lines };
    this.#list.push(segment);
    return segment;
  }

  #open(number: number): number {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    return openSync(this.path(number), flags, 0o600);
  }

  /** So that with the present file at its full size all of them are within the limit. */
  #trim(): void {
    const { size, files } = this.#limit;
    for (;;) {
      const [oldest] = this.#list;
      const last = this.#list.at(-1);
      if (oldest === undefined || last === undefined || oldest === last) return;
      if (last.start - oldest.start <= (files - 1) * size && this.#list.length <= files) return;
      rmSync(this.path(oldest.number), { force: true });
      this.#list.shift();
    }
  }
}

/** Numbers of the files, oldest first. A folder that is not there yet holds none. */
function numbersIn(folder: string): number[] {
  try {
    const names = readdirSync(folder).filter((name) => NUMBER.test(name));
    return names.map(Number).sort((a, b) => a - b);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Cuts a file behind its last newline. Returns its size. */
function cutTornRecord(path: string): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(fd);
    const block = Buffer.alloc(Math.min(size, REPAIR_BLOCK));
    for (let end = size; end > 0;) {
      const from = Math.max(0, end - block.length);
      const count = readSync(fd, block, 0, end - from, from);
      const newline = block.lastIndexOf(0x0a, count - 1);
      if (newline >= 0) {
        const whole = from + newline + 1;
        if (whole < size) ftruncateSync(fd, whole);
        return whole;
      }
      end = from;
    }
    if (size > 0) ftruncateSync(fd, 0);
    return 0;
  } finally {
    closeSync(fd);
  }
}
