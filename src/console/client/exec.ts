import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ExecExit, ExecRequest, Stream } from '../../runtime/index.ts';
import {
  EXEC_PROTOCOL,
  ExecFrame,
  ExecSplitter,
  INPUT_WINDOW,
  dataFrames,
  execFrame,
  jsonFrame,
} from '../exec-frames.ts';
import { answered, retrying } from './exchange.ts';
import { connectionLost, notThuban } from './no-daemon.ts';

/** Takes what the program writes. A promise: nothing more is read before it resolves. */
export type TakeOutput = (stream: Stream, chunk: Buffer) => Promise<void> | undefined;

/** A program in a container, at the other end of a connection. */
export class ExecConnection {
  /** Resolves when the program has ended, and all of its output was taken. TH6001 when the connection was lost before. */
  readonly ended: Promise<ExecExit>;
  readonly #socket: Socket;
  readonly #socketPath: string;
  readonly #take: TakeOutput;
  readonly #splitter = new ExecSplitter();
  #left = INPUT_WINDOW;
  #onRoom: (() => void) | undefined;
  #exit: ExecExit | undefined;

  constructor(socket: Socket, head: Buffer, socketPath: string, take: TakeOutput) {
    this.#socket = socket;
    this.#socketPath = socketPath;
    this.#take = take;
    this.ended = this.#read(head);
    this.ended.catch(() => undefined); // whoever waits for it is told
  }

  /** Standard input. Resolves when there is room for more; false when nobody reads it any more. */
  async write(data: Buffer): Promise<boolean> {
    for (const frame of dataFrames(ExecFrame.STDIN, data)) {
      const length = frame.length - execFrame(0).length;
      while (this.#left < length && this.#isOpen)
        await new Promise<void>((resolve) => {
          this.#onRoom = resolve;
        });
      if (!this.#isOpen) return false;
      this.#left -= length;
      this.#socket.write(frame);
    }
    return true;
  }

  endInput(): void {
    this.#send(execFrame(ExecFrame.END_OF_STDIN));
  }

  resize(size: { rows: number; columns: number }): void {
    this.#send(jsonFrame(ExecFrame.RESIZE, size));
  }

  signal(signal: number): void {
    this.#send(jsonFrame(ExecFrame.SIGNAL, { signal }));
  }

  /** Goes away: the program is hung up. */
  close(): void {
    this.#socket.destroy();
  }

  get #isOpen(): boolean {
    return this.#exit === undefined && this.#socket.writable;
  }

  #send(frame: Buffer): void {
    if (this.#isOpen) this.#socket.write(frame);
  }

  async #read(head: Buffer): Promise<ExecExit> {
    try {
      if (head.length > 0) this.#socket.unshift(head);
      for await (const chunk of this.#socket as AsyncIterable<Buffer>)
        for (const { type, payload } of this.#splitter.push(chunk)) await this.#handle(type, payload);
    } catch (error) {
      if (this.#exit === undefined) throw connectionLost(this.#socketPath, error);
    } finally {
      this.#socket.destroy();
      this.#onRoom?.();
    }
    if (this.#exit === undefined) throw connectionLost(this.#socketPath, new Error('no exit came'));
    return this.#exit;
  }

  #handle(type: number, payload: Buffer): Promise<void> | undefined {
    switch (type) {
      case ExecFrame.STDOUT:
        return this.#take('stdout', payload);
      case ExecFrame.STDERR:
        return this.#take('stderr', payload);
      case ExecFrame.TAKEN:
        this.#left += payload.readUInt32BE(0);
        this.#onRoom?.();
        return undefined;
      case ExecFrame.EXIT:
        this.#exit = JSON.parse(payload.toString('utf8')) as ExecExit;
        this.#onRoom?.();
        return undefined;
      default:
        return undefined; // keys and words are only ever added
    }
  }
}

/** Asks for the upgrade. Throws what the daemon refuses. */
export async function openExec(
  socketPath: string,
  path: string,
  asked: ExecRequest,
  take: TakeOutput,
  onRequest?: (line: string) => void,
): Promise<ExecConnection> {
  const began = performance.now();
  const answer = await retrying(socketPath, undefined, () => send(socketPath, path, JSON.stringify(asked)));
  const status = answer.response.statusCode ?? 0;
  onRequest?.(`POST ${path} ${status} (${Math.round(performance.now() - began)} ms)`);
  if ('socket' in answer) return new ExecConnection(answer.socket, answer.head, socketPath, take);
  await answered(answer.response, socketPath);
  throw notThuban(socketPath, `status ${status} for an upgrade`);
}

type Answer = { response: IncomingMessage } | { response: IncomingMessage; socket: Socket; head: Buffer };

function send(socketPath: string, path: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method: 'POST',
      path,
      agent: false,
      headers: {
        host: 'thuban',
        accept: 'application/json',
        connection: 'Upgrade',
        upgrade: EXEC_PROTOCOL,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body).toString(),
      },
    });
    outgoing.once('upgrade', (response, socket: Socket, head) => {
      resolve({ response, socket, head });
    });
    outgoing.once('response', (response) => {
      resolve({ response });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
