import type { IncomingMessage, ServerResponse } from 'node:http';
import { ThubanError, formatBytes, messageOf } from '../base/index.ts';
import { goOn } from './go-on.ts';

/** The body as JSON; `{}` when there is none. `limit` in bytes. */
export async function readBody(request: IncomingMessage, response: ServerResponse, limit: number): Promise<unknown> {
  if (!hasBody(request)) return {};
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  checkType(request.headers['content-type']);
  goOn(request, response);
  const bytes = await readAll(request, limit);
  return bytes.length === 0 ? {} : parse(bytes);
}

/** A body where none belongs is refused rather than ignored: somebody meant something by it. */
export function refuseBody(request: IncomingMessage): void {
  if (hasBody(request))
    throw new ThubanError('TH6012', `${request.method ?? ''} takes no body here`, { details: { in: 'body' } });
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

export function checkType(type: string | undefined): void {
  if (type !== undefined && /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return;
  throw new ThubanError('TH6012', 'the content type of the body is not JSON', {
    hint: 'send the header `Content-Type: application/json`',
    details: { in: 'body', content_type: type ?? null },
  });
}

async function readAll(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    if (!request.destroyed) throw error;
    throw new ThubanError('TH6015', 'the connection ended before the whole request had come', { cause: error });
  }
  return Buffer.concat(chunks);
}

export function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new ThubanError('TH6012', `cannot read the body as JSON: ${messageOf(error)}`, {
      details: { in: 'body' },
      cause: error,
    });
  }
}

function tooLarge(limit: number): ThubanError {
  return new ThubanError('TH6006', `the body of the request is larger than ${formatBytes(limit)}`, {
    details: { limit },
  });
}
