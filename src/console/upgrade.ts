import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ThubanError, formatBytes } from '../base/index.ts';
import { asThubanError, refuseConnection } from './answer.ts';
import { checkType, parse } from './body.ts';
import { EXEC_PROTOCOL } from './exec-frames.ts';
import { serveExec } from './exec-session.ts';
import { handleRequest, routeOf, tell, type Context } from './handle-request.ts';
import { readQuery } from './input.ts';
import { requestMs } from './limits.ts';
import { WrongMethod } from './router.ts';
import { statusOf } from './status.ts';

/**
 * Carries out a request to upgrade its connection. node:http has let go of the socket, so that body and refusal are read and written here; `head` is what
 * came with the headers. Resolves when the connection has ended, or is about to.
 */
export async function handleUpgrade(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  context: Context,
): Promise<void> {
  if (isOptional(request)) {
    await answer(request, socket, context);
    return;
  }
  try {
    const { route, params, query } = routeOf(request, context);
    if (route.upgrade === undefined || request.headers.upgrade?.toLowerCase() !== EXEC_PROTOCOL)
      throw new ThubanError('TH6012', 'this connection cannot be upgraded so', {
        hint: `only an exec can: \`POST /v1/containers/ID/exec\` with \`Upgrade: ${EXEC_PROTOCOL}\``,
      });
    const { body, rest } = await readBody(request, socket, head, context);
    const values = readQuery(query, route.kinds);
    const program = await route.upgrade(context.control, {
      params,
      query: values,
      body,
      upload: undefined,
      caller: context.caller,
    });
    if (socket.destroyed) {
      void program.abandon();
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${EXEC_PROTOCOL}\r\n\r\n`);
    await serveExec(socket, rest, program);
  } catch (thrown) {
    tell(thrown, request, context);
    const error = asThubanError(thrown);
    if (socket.writable) refuseConnection(socket, error instanceof WrongMethod ? 405 : statusOf(error.code), error);
    else socket.destroy();
  }
}

/** Another protocol than ours may be left alone (RFC 9110, 7.8): `curl --http2` asks for one. With a body its place in the stream is lost. */
function isOptional({ headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return headers.upgrade?.toLowerCase() !== EXEC_PROTOCOL && !hasBody;
}

async function answer(request: IncomingMessage, socket: Socket, context: Context): Promise<void> {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false; // node:http reads no further request from it
  response.assignSocket(socket);
  response.once('finish', () => {
    socket.destroySoon();
  });
  await handleRequest(request, response, context);
}

/** A body of a known length, since nobody cuts it from what follows. */
async function readBody(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  { limits }: Context,
): Promise<{ body: unknown; rest: Buffer }> {
  if (request.headers['transfer-encoding'] !== undefined)
    throw new ThubanError('TH6012', 'the body of an upgrade has a length', { hint: 'send `Content-Length`' });
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limits.request_size)
    throw new ThubanError('TH6006', `the body of the request is larger than ${formatBytes(limits.request_size)}`, {
      details: { limit: limits.request_size },
    });
  if (length === 0) return { body: {}, rest: head };
  checkType(request.headers['content-type']);
  const bytes = await readAtLeast(length, socket, head, requestMs(limits));
  return { body: parse(bytes.subarray(0, length)), rest: bytes.subarray(length) };
}

function readAtLeast(length: number, socket: Socket, head: Buffer, ms: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks = [head];
    let size = head.length;
    const end = (error?: ThubanError): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      socket.pause();
      if (error === undefined) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= length) end();
    };
    const onClose = (): void => {
      end(new ThubanError('TH6015', 'the connection ended before the whole request had come'));
    };
    const timer =
      ms === 0
        ? undefined
        : setTimeout(() => {
            end(new ThubanError('TH6015', 'the request did not arrive in time'));
          }, ms);
    if (size >= length) end();
    else socket.on('data', onData).once('close', onClose);
  });
}
