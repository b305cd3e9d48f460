import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ThubanError } from '../base/index.ts';
import { refuseConnection, sendError } from './answer.ts';
import { handleRequest, type Context } from './handle-request.ts';
import { HEADER_SIZE, PIPELINE, RequestRate, idleMs, requestMs } from './limits.ts';
import { SocketFile, type SocketSpec } from './socket-file.ts';
import { statusOf } from './status.ts';
import { handleUpgrade } from './upgrade.ts';
import { isUpload } from './upload.ts';

/** One connection. Its requests are carried out one after the other, also when they were sent ahead of their answers. */
interface Connection {
  socket: Socket;
  /** Requests without a complete answer. */
  pending: number;
  /** Resolves when the last of them is answered. */
  turn: Promise<void>;
  isRefused: boolean;
}

/** Where no connection has a time-out there is nothing to look for. */
const UNCHECKED_MS = 3_600_000;

/** One listening socket: who may connect, how many and how often. */
export class Listener {
  readonly #context: Context;
  readonly #rate: RequestRate;
  readonly #connections = new Map<Socket, Connection>();
  readonly #refused = new Set<Socket>();
  readonly #server: Server;
  #file: SocketFile | undefined;

  private constructor(context: Context) {
    const { limits } = context;
    this.#context = context;
    this.#rate = new RequestRate(limits.requests_per_second);
    const patience = requestMs(limits);
    this.#server = createServer({
      headersTimeout: patience,
      // A package may take longer than this; other bodies have a timer of their own, below.
      requestTimeout: 0,
      // How exactly the first is kept; a timer of its own for each connection would cost more.
      connectionsCheckingInterval: patience === 0 ? UNCHECKED_MS : patience / 2,
      keepAliveTimeout: idleMs(limits),
      maxHeaderSize: HEADER_SIZE,
      // A Unix socket has no host, and a request typed by hand needs none.
      requireHostHeader: false,
    });
    this.#guardConnections();
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#onRequest(request, response);
    });
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.#onRequest(request, response);
    });
    this.#server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
      this.#onClientError(error, socket);
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#onUpgrade(request, socket, head);
    });
    this.#server.on('connect', (_request: IncomingMessage, socket: Socket) => {
      this.#refuse(socket, 405, new ThubanError('TH6013', 'CONNECT is not possible here'));
    });
  }

  static async open(spec: SocketSpec, context: Context): Promise<Listener> {
    const listener = new Listener(context);
    listener.#file = await SocketFile.listen(listener.#server, spec, context.log);
    // What the kernel says of a listening socket later, for example that there are no descriptors left, ends nothing.
    listener.#server.on('error', (error) => {
      context.log('error', 'the console cannot take a connection', { socket: spec.path, error: error.message });
    });
    return listener;
  }

  /** Ends what is idle at once, gives the rest `graceMs` to finish, and removes the socket file. */
  async close(graceMs: number): Promise<void> {
    this.#file?.remove();
    const closed = new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
    for (const { socket, pending } of this.#connections.values()) if (pending === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of [...this.#connections.keys(), ...this.#refused]) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  /** node:http would take any number, or drop those above one without a word. */
  #guardConnections(): void {
    const accept = this.#server.listeners('connection');
    this.#server.removeAllListeners('connection');
    this.#server.on('connection', (socket: Socket) => {
      const { connections } = this.#context.limits;
      if (this.#connections.size >= connections) {
        const error = new ThubanError('TH6007', `there are ${connections} connections already, which is the limit`, {
          hint: 'close some, or raise `console.limits.connections`',
        });
        this.#refuse(socket, statusOf(error.code), error);
        return;
      }
      this.#connections.set(socket, { socket, pending: 0, turn: Promise.resolve(), isRefused: false });
      socket.once('close', () => this.#connections.delete(socket));
      for (const listener of accept) listener.call(this.#server, socket);
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    // Without one the client went away while its request was read.
    if (connection === undefined) return;
    // A client that is gone reads no answer, and there is nobody else to tell.
    response.on('error', () => response.destroy());
    this.#awaitBody(request);
    connection.pending++;
    const answered = new Promise<void>((resolve) => {
      response.once('close', () => {
        connection.pending--;
        // Nobody asks again where nobody listens.
        if (connection.pending === 0 && this.#context.closing.aborted) connection.socket.destroySoon();
        resolve();
      });
    });
    const refusal = this.#refusalOf(connection);
    // node:http keeps this answer until those before it are sent.
    if (refusal !== undefined) sendError(request, response, refusal);
    connection.turn = connection.turn.then(async () => {
      if (connection.socket.destroyed) return;
      if (refusal === undefined) await handleRequest(request, response, this.#context);
      await answered;
    });
  }

  /** After those before it; the connection then belongs to it for good. */
  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    socket.on('error', () => socket.destroy());
    connection.pending++;
    const refusal = this.#refusalOf(connection);
    connection.turn = connection.turn.then(async () => {
      if (refusal === undefined) await handleUpgrade(request, socket, head, this.#context);
      else this.#refuse(socket, statusOf(refusal.code), refusal);
    });
  }

  /** A body that comes too slowly ends its connection, unless somebody watches that it goes on coming. */
  #awaitBody(request: IncomingMessage): void {
    const patience = requestMs(this.#context.limits);
    if (request.complete || patience === 0) return;
    const timer = setTimeout(() => {
      if (!request.complete && !isUpload(request)) request.socket.destroy();
    }, patience);
    // A body that nobody asked for (Expect: 100-continue) never closes its request; the end of the daemon does not wait for it.
    timer.unref();
    request.once('close', () => {
      clearTimeout(timer);
    });
  }

  #refusalOf(connection: Connection): ThubanError | undefined {
    if (connection.pending > PIPELINE)
      return new ThubanError('TH6007', `more than ${PIPELINE} requests wait on one connection`);
    if (this.#rate.take()) return undefined;
    const { requests_per_second } = this.#context.limits;
    return new ThubanError('TH6007', `there are more than ${requests_per_second} requests a second`, {
      hint: 'ask less often, follow events instead, or raise `console.limits.requests_per_second`',
    });
  }

  /** What is no HTTP, or comes too slowly. Beside an answer that is under way there is no place for another. */
  #onClientError(error: Error & { code?: string }, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection?.isRefused === true) return;
    this.#context.log('debug', 'refused what is no request', { socket: this.#context.socket, error: error.message });
    if (connection === undefined || connection.pending > 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    connection.isRefused = true;
    const [status, reason] = explain(error);
    this.#refuse(socket, status, reason);
  }

  /** Refused connections stay for a moment so that their clients can read why; there may be as many of them as of others. */
  #refuse(socket: Socket, status: number, error: ThubanError): void {
    if (this.#refused.size >= this.#context.limits.connections) {
      socket.destroy();
      return;
    }
    this.#refused.add(socket);
    socket.once('close', () => this.#refused.delete(socket));
    refuseConnection(socket, status, error);
  }
}

function explain(error: Error & { code?: string }): [status: number, error: ThubanError] {
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return [431, new ThubanError('TH6006', `the headers of the request are larger than ${HEADER_SIZE} bytes`)];
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [statusOf('TH6015'), new ThubanError('TH6015', 'the request did not arrive in time')];
  return [
    statusOf('TH6012'),
    new ThubanError('TH6012', 'this is no HTTP request', { details: { reason: error.message } }),
  ];
}
