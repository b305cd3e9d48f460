/**
 * The frames between the daemon and the launcher. src/launcher/wire.h holds the same numbers and the layout of each frame;
 * a test compares the two files.
 */
/** The versions that this build understands. 2 and 3 add frames; those of 1 are as they were. */
export const PROTOCOL = { MIN: 1, MAX: 3 } as const;
export const MAX_FRAME = 512 * 1024;
/** Descriptors that can be handed on to a program. */
export const MAX_HANDED = 64;
export const HEADER_SIZE = 16;

export const Frame = {
  HELLO: 1,
  ACK: 2,
  SPAWN: 3,
  SIGNAL: 4,
  RELEASE: 5,
  BLOB: 6,
  LIST: 7,
  REGISTER: 8,
  SHUTDOWN: 9,
  DEVICES: 10,
  MONITOR: 11,
  CLOSE_INPUT: 12,
  RESIZE: 13,
  REFUSED: 130,
  STARTED: 131,
  FAILED: 132,
  EXITED: 133,
  OOM: 134,
  LISTED: 135,
  LIST_END: 136,
  DONE: 137,
  PRESSURE: 138,
  LINGERS: 139,
  INPUT: 140,
} as const;

/** What a monitor waits for: a PSI trigger of this kind, or a level of cgroup v1. */
export const Monitored = { SOME: 0, FULL: 1, LEVEL: 2 } as const;

export const Refused = { BUSY: 1, PROTOCOL: 2, PEER: 3 } as const;

/** Builds a payload: little-endian numbers, strings with length and NUL. */
export class Writer {
  #data = Buffer.allocUnsafe(256);
  #size = 0;

  u32(value: number): this {
    const at = this.#grow(4);
    this.#data.writeUInt32LE(value >>> 0, at);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#data.writeBigUInt64LE(BigInt.asUintN(64, value), at);
    return this;
  }

  string(value: string): this {
    if (value.includes('\0')) throw new RangeError('a string for the launcher holds a NUL byte');
    const size = Buffer.byteLength(value);
    this.u32(size);
    const at = this.#grow(size + 1);
    this.#data.write(value, at, 'utf8');
    this.#data[at + size] = 0;
    return this;
  }

  strings(values: readonly string[]): this {
    this.u32(values.length);
    for (const value of values) this.string(value);
    return this;
  }

  bytes(value: Buffer): this {
    const at = this.#grow(value.length);
    value.copy(this.#data, at);
    return this;
  }

  /** A u32 length, then the bytes. */
  block(value: Buffer): this {
    return this.u32(value.length).bytes(value);
  }

  /** What was written; nothing may be added after that. */
  done(): Buffer {
    return this.#data.subarray(0, this.#size);
  }

  /** Where the next `size` bytes go. */
  #grow(size: number): number {
    const at = this.#size;
    this.#size += size;
    if (this.#size > this.#data.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#size, this.#data.length * 2));
      this.#data.copy(larger, 0, 0, at);
      this.#data = larger;
    }
    return at;
  }
}

/** Reads a payload; running over its end throws a RangeError. */
export class Reader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  u32(): number {
    this.#at += 4;
    return this.#data.readUInt32LE(this.#at - 4);
  }

  i32(): number {
    this.#at += 4;
    return this.#data.readInt32LE(this.#at - 4);
  }

  u64(): bigint {
    this.#at += 8;
    return this.#data.readBigUInt64LE(this.#at - 8);
  }

  string(): string {
    const size = this.u32();
    const text = this.block(size + 1);
    return text.toString('utf8', 0, size);
  }

  block(size: number): Buffer {
    if (this.#at + size > this.#data.length) throw new RangeError('a frame of the launcher ends too early');
    this.#at += size;
    return this.#data.subarray(this.#at - size, this.#at);
  }
}

export function frame(type: number, seq: bigint, payload: Buffer): Buffer {
  if (payload.length > MAX_FRAME)
    throw new RangeError(`a frame of ${payload.length} bytes is over the limit of ${MAX_FRAME}`);
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeBigUInt64LE(seq, 8);
  return Buffer.concat([header, payload]);
}

export interface ReceivedFrame {
  type: number;
  seq: bigint;
  payload: Buffer;
}

/** Cuts a byte stream into frames. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): ReceivedFrame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: ReceivedFrame[] = [];
    while (this.#rest.length >= HEADER_SIZE) {
      const size = this.#rest.readUInt32LE(0);
      if (size > 2 * MAX_FRAME) throw new RangeError(`the launcher announces a frame of ${size} bytes`);
      if (this.#rest.length < HEADER_SIZE + size) break;
      frames.push({
        type: this.#rest.readUInt16LE(4),
        seq: this.#rest.readBigUInt64LE(8),
        payload: this.#rest.subarray(HEADER_SIZE, HEADER_SIZE + size),
      });
      this.#rest = this.#rest.subarray(HEADER_SIZE + size);
    }
    return frames;
  }
}
