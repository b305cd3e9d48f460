import type { IncomingMessage, ServerResponse } from 'node:http';
import { ThubanError, formatBytes } from '../base/index.ts';
import { goOn } from './go-on.ts';
import type { ConsoleLimits } from './limits.ts';

/** A body that is no JSON: it is handed on as it comes, and never held. */
export interface Upload {
  /** To be read once, or not at all. */
  chunks: AsyncIterable<Uint8Array>;
  /** Bytes, when the client has said so. */
  size?: number;
}

const TYPES: ReadonlySet<string> = new Set(['application/octet-stream', 'application/x-tar']);
/** Bytes a second that a client has to send at least: whoever sends less keeps others from installing. */
const LEAST_RATE = 4096;
const uploads = new WeakSet<IncomingMessage>();

/** Whether this request may take as long as it sends enough. */
export function isUpload(request: IncomingMessage): boolean {
  return uploads.has(request);
}

/**
 * The body of a request, before any of it is read.
 *
 * @throws ThubanError TH5008 when it says that it is too large, TH6012 when it is of another kind.
 */
export function openUpload(request: IncomingMessage, response: ServerResponse, limits: ConsoleLimits): Upload {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && !TYPES.has(type))
    throw new ThubanError('TH6012', 'the content type of the body is not that of a package', {
      hint: 'send the header `Content-Type: application/x-tar`',
      details: { in: 'body', content_type: type },
    });
  const length = request.headers['content-length'];
  const size = length === undefined ? undefined : Number(length);
  if (size === 0 || (size === undefined && request.headers['transfer-encoding'] === undefined))
    throw new ThubanError('TH6012', 'there is no body, which is to be the package', { details: { in: 'body' } });
  if (size !== undefined && size > limits.install_size)
    throw new ThubanError(
      'TH5008',
      `the package has ${formatBytes(size)}, at most ${formatBytes(limits.install_size)} are taken`,
      {
        hint: 'raise `console.limits.install_size`, or copy it into the folder of the repository',
        details: { size, limit: limits.install_size },
      },
    );
  uploads.add(request);
  const chunks = read(request, response, limits.stream_timeout * 1000);
  return { chunks, ...(size === undefined ? {} : { size }) };
}

/**
 * Asks for the next chunk only when the last one was taken, so that the client is as slow as the disk. Only the time that the client is waited
 * for counts: it is lent `ms`, which bytes pay back.
 */
async function* read(request: IncomingMessage, response: ServerResponse, ms: number): AsyncGenerator<Buffer> {
  goOn(request, response);
  const iterator = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let left = ms;
  try {
    for (;;) {
      const asked = performance.now();
      const next = await inTime(iterator.next(), left, ms).catch((error: unknown) => {
        if (!request.destroyed) throw error;
        throw new ThubanError('TH6015', 'the connection ended before the whole package had come', { cause: error });
      });
      if (next.done === true) return;
      left = Math.min(ms, left - (performance.now() - asked) + (next.value.length / LEAST_RATE) * 1000);
      yield next.value;
    }
  } finally {
    void iterator.return?.(); // a client that sends nothing is not waited for
  }
}

async function inTime<T>(work: Promise<T>, left: number, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const rate = formatBytes(LEAST_RATE);
      reject(new ThubanError('TH6015', `for ${ms / 1000} s less than ${rate} a second of the package have come`));
    }, left);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
