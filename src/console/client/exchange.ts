import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno, messageOf } from '../../base/index.ts';
import { isTooLong } from '../socket-path.ts';
import { asThubanError } from './error-body.ts';
import { connectionLost, noDaemon, notThuban } from './no-daemon.ts';
import { sendUpload, type ClientUpload } from './send-upload.ts';

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: object;
  /** Instead of a body of JSON. */
  upload?: ClientUpload;
  signal?: AbortSignal;
}

/** A Unix socket answers at once, or its queue of connections is full (EAGAIN) and asking again helps. */
const CONNECT_TIMEOUT_MS = 5000;
const CONNECT_PAUSE_MS = 50;

/** An answer is kept in memory before it is read as JSON. No listing comes near to this. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** Sends one request and gives back the answer, whose body is still to be read. Throws what the daemon refuses. */
export async function exchange(
  socketPath: string,
  call: Call,
  onRequest?: (line: string) => void,
): Promise<IncomingMessage> {
  const began = performance.now();
  const answer = await retrying(socketPath, call.signal, () => send(socketPath, call));
  const status = answer.statusCode ?? 0;
  onRequest?.(`${call.method} ${call.path} ${status} (${Math.round(performance.now() - began)} ms)`);
  return answered(answer, socketPath);
}

/** An answer that is no refusal. */
export async function answered(answer: IncomingMessage, socketPath: string): Promise<IncomingMessage> {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  const text = await readText(answer, socketPath);
  throw asThubanError(text) ?? notThuban(socketPath, `status ${status}`);
}

export async function readJson(answer: IncomingMessage, socketPath: string): Promise<unknown> {
  const text = await readText(answer, socketPath);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw notThuban(socketPath, messageOf(error));
  }
}

/** Until somebody takes the connection. */
export async function retrying<T>(
  socketPath: string,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + CONNECT_TIMEOUT_MS;
  if (isTooLong(socketPath)) throw noDaemon(socketPath, Object.assign(new Error('too long'), { code: 'ENAMETOOLONG' }));
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isConnecting = error instanceof Error && 'syscall' in error && error.syscall === 'connect';
      if (!isConnecting) throw signal?.aborted === true ? error : connectionLost(socketPath, error);
      if (!hasErrno(error, 'EAGAIN') || performance.now() > deadline) throw noDaemon(socketPath, error);
    }
    await sleep(CONNECT_PAUSE_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function send(socketPath: string, call: Call): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const { upload } = call;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method: call.method,
      path: call.path,
      // A pooled connection could be one that the daemon has just closed.
      agent: false,
      headers: {
        host: 'thuban',
        accept: 'application/json, application/x-ndjson',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body).toString() }),
        ...(upload === undefined
          ? {}
          : {
              'content-type': 'application/x-tar',
              'content-length': upload.size.toString(),
              expect: '100-continue',
            }),
      },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    outgoing.once('response', resolve);
    // Stays for the life of the request: what comes after the answer began is told by reading the answer.
    outgoing.on('error', reject);
    if (upload === undefined) {
      outgoing.end(body);
      return;
    }
    outgoing.flushHeaders();
    sendUpload(outgoing, upload).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    });
  });
}

async function readText(answer: IncomingMessage, socketPath: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_ANSWER) throw notThuban(socketPath, `an answer of more than ${LARGEST_ANSWER} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionLost(socketPath, error);
  }
  return Buffer.concat(chunks).toString();
}
