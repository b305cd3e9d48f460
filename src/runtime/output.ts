import { closeSync, constants, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { hasErrno } from '../base/index.ts';
import type { PipeEnd } from '../launcher/index.ts';
import { openPipe } from './open-pipe.ts';

export type Stream = 'stdout' | 'stderr';

/** Takes a chunk of a program's output. False: take no more until the returned promise of `drained` resolves. */
export interface OutputSink {
  write(stream: Stream, chunk: Buffer): boolean;
  drained(stream: Stream): Promise<void>;
  /** No more of it will come: what waits for the end of its line has to go now. */
  end?(stream: Stream): void;
}

/** Reads everything and keeps nothing. */
export const discardOutput: OutputSink = { write: () => true, drained: () => Promise.resolve() };

/**
 * Milliseconds before a pipe is listened to. A program that has ended by then, as most do that are run by a clock, is read without a socket at
 * its end: making and closing two of them takes half a millisecond, just when the processor is needed for that end.
 */
const LISTEN_AFTER_MS = 10;
/** What a pipe usually holds is one, and its end another; whoever has more to say is listened to. */
const MOST_CHUNKS = 4;
/** One for all, because nothing waits while it is in use. */
const scratch = Buffer.allocUnsafe(65_536);

interface Listening {
  socket: Socket;
  ended: Promise<void>;
}

/**
 * Reads one output pipe that the launcher holds, until the last writer has closed it. The launcher keeps its own end open, so a
 * reader that dies loses at most the chunk in its hands, and the next one goes on from there.
 */
export class OutputReader {
  readonly #fd: number;
  readonly #stream: Stream;
  readonly #sink: OutputSink;
  readonly #timer: NodeJS.Timeout;
  #listening: Listening | undefined;
  #isRead = false;
  #waitsForSink = false;

  constructor(launcherPid: number, pipe: PipeEnd, stream: Stream, sink: OutputSink) {
    this.#fd = openPipe(launcherPid, pipe, constants.O_RDONLY);
    this.#stream = stream;
    this.#sink = sink;
    this.#timer = setTimeout(() => {
      this.#listening = this.#listen();
    }, LISTEN_AFTER_MS);
  }

  /**
   * Waits for the end of the output, at most `ms`: a pipe that someone outside still holds is left then. The time in which the sink takes
   * nothing does not count, as long as `patient` says so; what is in the pipe is at most its size.
   */
  async finish(ms: number, patient: () => boolean): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#listening === undefined && !this.#isRead) {
      if (this.#readAtOnce()) closeSync(this.#fd);
      else this.#listening = this.#listen();
    }
    if (this.#listening !== undefined) await this.#untilEnd(this.#listening, ms, patient);
    this.#sink.end?.(this.#stream);
  }

  /** False: it has not ended, or the sink takes no more. */
  #readAtOnce(): boolean {
    for (let chunks = 0; chunks < MOST_CHUNKS && !this.#waitsForSink; chunks++) {
      const chunk = readNow(this.#fd);
      if (chunk === undefined) return false;
      this.#isRead = chunk.length === 0;
      if (this.#isRead) return true;
      this.#take(chunk);
    }
    return false;
  }

  async #untilEnd({ socket, ended }: Listening, ms: number, patient: () => boolean): Promise<void> {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<false>((resolve) => {
        // Timers come before reads: a loop that was busy until now first takes what has been in the pipe all the time.
        timer = setTimeout(() => setImmediate(resolve, false), ms);
      });
      const hasEnded = await Promise.race([ended.then(() => true), deadline]);
      clearTimeout(timer);
      if (hasEnded || !this.#waitsForSink || !patient()) break;
    }
    socket.destroy();
  }

  /** A net.Socket, not a read stream: that would hold a pool thread per pipe. */
  #listen(): Listening {
    const socket = new Socket({ fd: this.#fd, readable: true, writable: false });
    const ended = new Promise<void>((resolve) => {
      socket.once('close', () => {
        resolve();
      });
    });
    socket.on('error', () => {
      socket.destroy();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    if (this.#waitsForSink) socket.pause();
    return { socket, ended };
  }

  #take(chunk: Buffer): void {
    if (this.#sink.write(this.#stream, chunk)) return;
    // A slow consumer blocks the program at a full pipe instead of filling our memory.
    this.#waitsForSink = true;
    void this.#sink.drained(this.#stream).then(() => {
      this.#waitsForSink = false;
      this.#listening?.socket.resume();
    });
    this.#listening?.socket.pause();
  }
}

/** What there is; empty at the end, also of what cannot be read. Undefined: nothing yet. */
function readNow(fd: number): Buffer | undefined {
  try {
    return Buffer.from(scratch.subarray(0, readSync(fd, scratch)));
  } catch (error) {
    return hasErrno(error, 'EAGAIN') ? undefined : Buffer.alloc(0);
  }
}
