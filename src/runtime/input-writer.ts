import { constants } from 'node:fs';
import { Socket } from 'node:net';
import type { PipeEnd } from '../launcher/index.ts';
import { openPipe } from './open-pipe.ts';

/** Writes to a program's standard input, a pipe whose other write end the launcher holds. */
export class InputWriter {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;

  constructor(launcherPid: number, pipe: PipeEnd) {
    const fd = openPipe(launcherPid, pipe, constants.O_WRONLY);
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve();
      });
    });
    // EPIPE: the program reads no more, which is its own business. `close` follows.
    this.#socket.on('error', () => this.#socket.destroy());
  }

  write(chunk: Buffer, taken: () => void): void {
    if (this.#socket.destroyed) taken();
    else
      this.#socket.write(chunk, () => {
        taken();
      });
  }

  /** Resolves when all that was written is in the pipe, or nobody will read it any more. */
  end(): Promise<void> {
    this.#socket.end(() => this.#socket.destroy());
    return this.#closed;
  }

  close(): void {
    this.#socket.destroy();
  }
}
