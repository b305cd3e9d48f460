import { ThubanError } from '../base/index.ts';

/** The word of the Upgrade header. */
export const EXEC_PROTOCOL = 'thuban-exec';

/** Frames of an exec after its upgrade: type u8, length u32 big-endian, payload. */
export const ExecFrame = {
  STDIN: 0,
  STDOUT: 1,
  STDERR: 2,
  /** JSON `{rows, columns}`. */
  RESIZE: 3,
  /** JSON, the last frame: how it ended. */
  EXIT: 4,
  END_OF_STDIN: 5,
  /** JSON `{signal}`. */
  SIGNAL: 6,
  /** u32: so many bytes of the standard input were taken. */
  TAKEN: 7,
} as const;

/** Of one frame. */
export const MAX_EXEC_FRAME = 64 * 1024;

/**
 * Bytes of standard input that may be on their way without having been told as taken. A program that reads nothing then stops its input and not what
 * comes behind it: signals and sizes.
 */
export const INPUT_WINDOW = 256 * 1024;

const HEADER = 5;

export function execFrame(type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + payload.length);
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(payload.length, 1);
  payload.copy(frame, HEADER);
  return frame;
}

export function jsonFrame(type: number, value: object): Buffer {
  return execFrame(type, Buffer.from(JSON.stringify(value)));
}

/** Data of any length, in frames that the other side takes. */
export function* dataFrames(type: number, data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += MAX_EXEC_FRAME)
    yield execFrame(type, data.subarray(at, at + MAX_EXEC_FRAME));
}

/** Cuts a stream of bytes into frames. TH6012 for one that is too long. */
export class ExecSplitter {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<{ type: number; payload: Buffer }> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER) {
      const length = this.#rest.readUInt32BE(1);
      if (length > MAX_EXEC_FRAME)
        throw new ThubanError('TH6012', `a frame of ${length} bytes, at most ${MAX_EXEC_FRAME} are taken`);
      if (this.#rest.length < HEADER + length) return;
      const type = this.#rest.readUInt8(0);
      const payload = this.#rest.subarray(HEADER, HEADER + length);
      this.#rest = this.#rest.subarray(HEADER + length);
      yield { type, payload };
    }
  }
}
