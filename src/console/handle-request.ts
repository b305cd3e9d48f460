import type { IncomingMessage, ServerResponse } from 'node:http';
import { ThubanError } from '../base/index.ts';
import type { Control } from '../runtime/index.ts';
import { asThubanError, sendError, sendJson } from './answer.ts';
import { readBody, refuseBody } from './body.ts';
import { demand, type Caller } from './caller.ts';
import { readQuery } from './input.ts';
import { idleMs, type ConsoleLimits } from './limits.ts';
import { findRoute } from './router.ts';
import type { Reply, Route } from './routes.ts';
import { StallWatch } from './stall.ts';
import { sendRecords } from './stream.ts';
import { openUpload } from './upload.ts';

/** `error` needs a person, `warn` is degraded but running, `info` what an operator wants to know, `debug` is for us. */
export type ConsoleLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  fields: Record<string, unknown>,
) => void;

/** What is the same for all requests of one socket. */
export interface Context {
  /** Path of the socket, for the log. */
  socket: string;
  control: Control;
  caller: Caller;
  limits: Readonly<ConsoleLimits>;
  log: ConsoleLog;
  /** Aborts when the server closes. */
  closing: AbortSignal;
}

/** Carries out one request and answers it, whatever happens. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  const { limits } = context;
  const stall = new StallWatch(response, limits.stream_timeout * 1000, idleMs(limits), () => {
    context.log('warn', 'closed the connection of a client that did not take its answer', about(request, context));
  });
  try {
    const reply = await carryOut(request, response, context);
    if ('records' in reply) await sendRecords(response, reply.records, stall, request.method === 'HEAD');
    else sendJson(response, reply.status, reply.json);
  } catch (thrown) {
    tell(thrown, request, context);
    if (response.headersSent) response.destroy();
    else sendError(request, response, thrown);
  } finally {
    stall.on();
  }
}

async function carryOut(request: IncomingMessage, response: ServerResponse, context: Context): Promise<Reply> {
  const { route, params, query } = routeOf(request, context);
  if (!route.hasBody && !route.takesUpload) refuseBody(request);
  const values = readQuery(query, route.kinds);
  const body = route.hasBody ? await readBody(request, response, context.limits.request_size) : undefined;
  const upload = route.takesUpload ? openUpload(request, response, context.limits) : undefined;
  const signal = route.isStream ? endOf(response, context.closing) : context.closing;
  return route.serve(context.control, { params, query: values, body, upload, caller: context.caller }, signal);
}

/** What is asked for, if this connection may: nothing of it is checked further. */
export function routeOf(
  request: IncomingMessage,
  context: Context,
): { route: Route; params: Record<string, string>; query: string } {
  const [path = '', query = ''] = split(request.url ?? '');
  const { route, params } = findRoute(request.method ?? '', path);
  const { permission, permissionOr } = route;
  if (permission !== null) demand(context.caller, permission, ...(permissionOr === null ? [] : [permissionOr]));
  if (context.closing.aborted) throw new ThubanError('TH6014', 'the daemon is about to end');
  return { route, params, query };
}

/** A stream ends when its client goes away, and when the server closes. */
function endOf(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const ended = new AbortController();
  const end = (): void => {
    closing.removeEventListener('abort', end);
    ended.abort();
  };
  response.once('close', end);
  closing.addEventListener('abort', end);
  return ended.signal;
}

function split(target: string): string[] {
  const mark = target.indexOf('?');
  return mark === -1 ? [target] : [target.slice(0, mark), target.slice(mark + 1)];
}

/** Only what is our fault is worth a person's attention; a refusal is the client's business. */
export function tell(thrown: unknown, request: IncomingMessage, context: Context): void {
  const error = asThubanError(thrown);
  const fields = { ...about(request, context), code: error.code, error: error.message };
  if (error.code !== 'TH9001') context.log('debug', 'refused a request', fields);
  else context.log('error', 'a request met a bug', { ...fields, stack: thrown instanceof Error ? thrown.stack : '' });
}

function about(request: IncomingMessage, context: Context): Record<string, unknown> {
  return { socket: context.socket, method: request.method, url: request.url };
}
