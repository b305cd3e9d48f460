import type { Socket } from 'node:net';
import { ThubanError, messageOf } from '../base/index.ts';
import type { ExecHandle, OutputSink } from '../runtime/index.ts';
import { ExecFrame, ExecSplitter, INPUT_WINDOW, dataFrames, execFrame, jsonFrame } from './exec-frames.ts';

const LARGEST_SIGNAL = 64;
const LARGEST_SIZE = 0xffff;

/** Carries a program's streams over a connection that has been upgraded, until the program has ended or the client has gone. */
export async function serveExec(socket: Socket, head: Buffer, program: ExecHandle): Promise<void> {
  const session = new ExecSession(socket, program);
  await session.run(head);
}

class ExecSession {
  readonly #socket: Socket;
  readonly #program: ExecHandle;
  readonly #splitter = new ExecSplitter();
  readonly #gone: Promise<void>;
  #onTheWay = 0;
  #hasEnded = false;

  constructor(socket: Socket, program: ExecHandle) {
    this.#socket = socket;
    this.#program = program;
    this.#gone = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
      });
    });
  }

  async run(head: Buffer): Promise<void> {
    const socket = this.#socket;
    // A client that is gone is told by `close`, and nobody else is there to be told.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    // Half a connection is none: a client that ends its input says so in a frame, and reads on.
    socket.on('end', () => socket.destroy());
    void this.#gone.then(() => (this.#hasEnded ? undefined : this.#program.abandon()));
    if (head.length > 0) this.#receive(head);
    socket.resume(); // it was held while the request was carried out
    const exit = await this.#program.relay(this.#output());
    this.#hasEnded = true;
    if (!socket.destroyed) {
      socket.write(jsonFrame(ExecFrame.EXIT, exit));
      socket.destroySoon(); // once the client has taken it all
    }
    await this.#gone;
  }

  #output(): OutputSink {
    const socket = this.#socket;
    return {
      write: (stream, chunk) => {
        if (socket.destroyed) return true;
        let isTaken = true;
        const type = stream === 'stdout' ? ExecFrame.STDOUT : ExecFrame.STDERR;
        for (const frame of dataFrames(type, chunk)) isTaken = socket.write(frame);
        return isTaken;
      },
      drained: () =>
        new Promise((resolve) => {
          const done = (): void => {
            socket.off('drain', done).off('close', done);
            resolve();
          };
          socket.on('drain', done).on('close', done);
          if (socket.destroyed) done();
        }),
    };
  }

  /** What is no frame of a client's ends the connection, and with it the program. */
  #receive(chunk: Buffer): void {
    try {
      for (const { type, payload } of this.#splitter.push(chunk)) this.#obey(type, payload);
    } catch {
      this.#socket.destroy();
    }
  }

  #obey(type: number, payload: Buffer): void {
    switch (type) {
      case ExecFrame.STDIN:
        this.#take(payload);
        return;
      case ExecFrame.END_OF_STDIN:
        this.#program.endInput();
        return;
      case ExecFrame.RESIZE: {
        const { rows, columns } = numbersOf(payload, { rows: LARGEST_SIZE, columns: LARGEST_SIZE });
        this.#quietly(this.#program.resize({ rows, columns }));
        return;
      }
      case ExecFrame.SIGNAL: {
        const { signal } = numbersOf(payload, { signal: LARGEST_SIGNAL });
        this.#quietly(this.#program.signal(signal));
        return;
      }
      default:
        throw new ThubanError('TH6012', `there is no frame of type ${type}`);
    }
  }

  #take(data: Buffer): void {
    this.#onTheWay += data.length;
    if (this.#onTheWay > INPUT_WINDOW) throw new ThubanError('TH6012', `more than ${INPUT_WINDOW} bytes at once`);
    this.#program.write(data, () => {
      this.#onTheWay -= data.length;
      const taken = Buffer.alloc(4);
      taken.writeUInt32BE(data.length);
      if (this.#socket.writable) this.#socket.write(execFrame(ExecFrame.TAKEN, taken));
    });
  }

  /** It may have ended meanwhile, or the launcher: the exit tells. */
  #quietly(done: Promise<boolean>): void {
    done.catch(() => undefined);
  }
}

function numbersOf<K extends string>(payload: Buffer, largest: Record<K, number>): Record<K, number> {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (error) {
    throw new ThubanError('TH6012', `cannot read a frame as JSON: ${messageOf(error)}`, { cause: error });
  }
  const found = value as Partial<Record<K, unknown>> | null;
  const numbers: Partial<Record<K, number>> = {};
  for (const key of Object.keys(largest) as K[]) {
    const number = found?.[key];
    if (!Number.isInteger(number) || (number as number) < 0 || (number as number) > largest[key])
      throw new ThubanError('TH6012', `\`${key}\` of a frame is no number up to ${largest[key]}`);
    numbers[key] = number as number;
  }
  return numbers as Record<K, number>;
}
