import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { ConsoleClient, ConsoleServer, type ConsoleLimits, type ConsoleSocket } from '../../../src/console/index.ts';
import type { Route } from '../../../src/console/routes.ts';
import { FakeControl } from '../../support/fake-control.ts';
import { temporaryFolder } from '../../support/folders.ts';

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

export interface Bench {
  folder: string;
  path: string;
  control: FakeControl;
  client: ConsoleClient;
  server: ConsoleServer;
  log: LogLine[];
}

export function socketAt(path: string, permissions: ConsoleSocket['permissions'] = 'full'): ConsoleSocket {
  return { path, mode: 0o660, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, permissions };
}

/** A console in a folder of its own, in front of a supervisor without containers. */
export async function withConsole(
  options: { limits?: Partial<ConsoleLimits>; permissions?: ConsoleSocket['permissions'] },
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  using folder = temporaryFolder();
  const path = join(folder.path, 'console.sock');
  const control = new FakeControl();
  const log: LogLine[] = [];
  const server = await ConsoleServer.listen({
    control,
    sockets: [socketAt(path, options.permissions)],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    log: (level, message, fields) => log.push({ level, message, fields }),
  });
  try {
    await body({ folder: folder.path, path, control, client: new ConsoleClient(path), server, log });
  } finally {
    await server.close();
  }
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: () => unknown;
}

export interface Asked {
  body?: string | Buffer;
  headers?: Record<string, string>;
}

/** A request that is right, as far as it can be told from the route. */
export function requestFor(
  { path, hasBody, takesUpload }: Pick<Route, 'path' | 'hasBody' | 'takesUpload'>,
  container = 'report',
): { path: string; asked: Asked } {
  const names: Readonly<Record<string, string>> = { id: container, container, repository: 'default' };
  const upgrade = { connection: 'Upgrade', upgrade: 'thuban-exec' };
  const asked = path.endsWith('/exec')
    ? { body: '{"args": ["true"]}', headers: upgrade }
    : takesUpload
      ? { body: 'package', headers: { 'content-type': 'application/x-tar' } }
      : hasBody
        ? { body: path.endsWith('/update') ? '{"cgroups": {}}' : '{}' }
        : {};
  return { path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? ''), asked };
}

/** One request as any HTTP client would send it. A body is JSON unless the headers say otherwise. */
export async function ask(socketPath: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const outgoing = httpRequest({
    socketPath,
    method,
    path,
    agent: false,
    headers: {
      ...(asked.body === undefined
        ? {}
        : {
            'content-type': 'application/json',
            ...(asked.headers?.['transfer-encoding'] === undefined ? { 'content-length': asked.body.length } : {}),
          }),
      ...asked.headers,
    },
  });
  // libuv 1.46 may end a long body with an empty write, which meets a server that has answered and closed.
  outgoing.on('error', () => undefined);
  outgoing.end(asked.body);
  const [response] = (await once(outgoing, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number; headers: IncomingHttpHeaders },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) as unknown };
}

export interface ErrorBody {
  error: { code: string; name: string; message: string; hint?: string; details: Record<string, unknown> };
}

/** `400 TH6012`, and the message. */
export function refusalIn(answer: Answer): { code: string; message: string; hint: string | undefined } {
  const { error } = answer.json() as ErrorBody;
  return { code: `${answer.status} ${error.code}`, message: error.message, hint: error.hint };
}

export async function connect(path: string): Promise<Socket> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes and gives back all that comes until the other side closes; the connection's own fate ends it too. */
export async function exchangeBytes(path: string, bytes: string | Buffer): Promise<string> {
  const socket = await connect(path);
  const received = readAll(socket);
  socket.write(bytes);
  return received;
}

export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    // A reset after the answer is how a refused connection may end.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      resolve(text);
    });
  });
}

/** Waits until the condition holds, at most five seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
