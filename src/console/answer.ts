import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ThubanError, messageOf } from '../base/index.ts';
import { waitsForLeave } from './go-on.ts';
import { LINGER_MS } from './limits.ts';
import { WrongMethod } from './router.ts';
import { statusOf } from './status.ts';
import { isUpload } from './upload.ts';

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

/** Anything thrown as the error body that every client can read. */
export function sendError(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  const error = asThubanError(thrown);
  if (error instanceof WrongMethod) response.setHeader('allow', error.allow);
  if (error.code === 'TH6007') response.setHeader('retry-after', '1');
  const status = error instanceof WrongMethod ? 405 : statusOf(error.code);
  // Of a package that is refused, what still comes is nobody's.
  const isInTheMiddle =
    error.code === 'TH6006' || (!request.complete && (isUpload(request) || error.code === 'TH5008'));
  if (isInTheMiddle) closeAfter(request, response, status, error);
  else sendJson(response, status, { error });
}

export function asThubanError(thrown: unknown): ThubanError {
  if (thrown instanceof ThubanError) return thrown;
  return new ThubanError('TH9001', `a bug in Thuban: ${messageOf(thrown)}`, {
    hint: 'please report it with the log of the daemon',
    cause: thrown,
  });
}

/**
 * A client that is in the middle of a body reads the answer only when it has sent or cannot send: what it still sends is thrown away for a
 * moment, then the connection is closed.
 */
function closeAfter(request: IncomingMessage, response: ServerResponse, status: number, error: ThubanError): void {
  const body = Buffer.from(JSON.stringify({ error }));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    connection: 'close',
  });
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  if (waitsForLeave(request)) {
    end();
    return;
  }
  // Whoever read the body, and has stopped, may still listen for more, and then nothing flows.
  request.removeAllListeners('readable');
  request.once('end', end).once('close', end).resume();
}

/** Answers a connection on which there is no request to answer, and closes it as `closeAfter` does. */
export function refuseConnection(socket: Socket, status: number, error: ThubanError): void {
  const body = JSON.stringify({ error });
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(error.code === 'TH6007' ? ['Retry-After: 1'] : []),
    'Connection: close',
  ];
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => {
    clearTimeout(timer);
  });
  // Who has gone away does not read it, and there is nobody else to tell.
  socket.on('error', () => socket.destroy());
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
}
