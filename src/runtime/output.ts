import { constants } from 'node:fs';
import { Socket } from 'node:net';
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
 * Reads one output pipe that the launcher holds, until the last writer has closed it. The launcher keeps its own end open, so a
 * reader that dies loses at most the chunk in its hands, and the next one goes on from there.
 */
export class OutputReader {
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #stream: Stream;
  readonly #sink: OutputSink;
  #waitsForSink = false;

  constructor(launcherPid: number, pipe: PipeEnd, stream: Stream, sink: OutputSink) {
    this.#socket = readPipe(launcherPid, pipe);
    this.#stream = stream;
    this.#sink = sink;
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve();
      });
    });
    this.#socket.on('error', () => {
      this.#socket.destroy();
    });
    this.#socket.on('data', (chunk: Buffer) => {
      if (sink.write(stream, chunk)) return;
      // A slow consumer blocks the program at a full pipe instead of filling our memory.
      this.#socket.pause();
      this.#waitsForSink = true;
      void sink.drained(stream).then(() => {
        this.#waitsForSink = false;
        this.#socket.resume();
      });
    });
  }

  /**
   * Waits for the end of the output, at most `ms`: a pipe that someone outside still holds is left then. The time in which the sink takes
   * nothing does not count, as long as `patient` says so; what is in the pipe is at most its size.
   */
  async finish(ms: number, patient: () => boolean): Promise<void> {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<false>((resolve) => {
        // Timers come before reads: a loop that was busy until now first takes what has been in the pipe all the time.
        timer = setTimeout(() => setImmediate(resolve, false), ms);
      });
      const ended = await Promise.race([this.ended.then(() => true), deadline]);
      clearTimeout(timer);
      if (ended || !this.#waitsForSink || !patient()) break;
    }
    this.#socket.destroy();
    this.#sink.end?.(this.#stream);
  }
}

/** A net.Socket, not a read stream: that would hold a pool thread per pipe. */
function readPipe(launcherPid: number, pipe: PipeEnd): Socket {
  return new Socket({ fd: openPipe(launcherPid, pipe, constants.O_RDONLY), readable: true, writable: false });
}
