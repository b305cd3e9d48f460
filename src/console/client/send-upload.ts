import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { ThubanError } from '../../base/index.ts';

export interface ClientUpload {
  chunks: AsyncIterable<Uint8Array>;
  /** Bytes that they give. */
  size: number;
}

/**
 * Sends a body when the daemon asks for it, as fast as it takes it. A daemon that has answered before wants none of it, or no more.
 *
 * @throws what `chunks` throws; TH1008 when they give another number of bytes than was announced.
 */
export async function sendUpload(outgoing: ClientRequest, { chunks, size }: ClientUpload): Promise<void> {
  const answered = new Promise<'answered'>((resolve) => {
    outgoing.once('response', () => {
      resolve('answered');
    });
    outgoing.once('close', () => {
      resolve('answered');
    });
  });
  const wanted = once(outgoing, 'continue').catch(() => undefined); // an error is told by the request itself
  if ((await Promise.race([wanted, answered])) === 'answered') return;
  let sent = 0;
  for await (const chunk of chunks) {
    sent += chunk.length;
    if (sent > size) break;
    if (outgoing.write(chunk)) continue;
    const drained = once(outgoing, 'drain').catch(() => undefined);
    if ((await Promise.race([drained, answered])) === 'answered') return;
  }
  if (sent !== size)
    throw new ThubanError('TH1008', 'the file changed while it was read', { hint: 'try again when it holds still' });
  outgoing.end();
}
