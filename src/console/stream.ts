import type { ServerResponse } from 'node:http';
import { setImmediate as afterThisTurn } from 'node:timers/promises';
import type { StallWatch } from './stall.ts';

/** Records are written in pieces of about this size; a client that reads slowly costs one piece and the socket's buffer. UTF-16 units. */
const PIECE = 64 * 1024;

/**
 * Writes records as NDJSON. The next batch is asked for only when the last one has left this process, so that a slow client stays behind in the
 * generator's history and not in our memory. What the generator throws at once is thrown here, before anything is sent.
 */
export async function sendRecords(
  response: ServerResponse,
  records: AsyncGenerator<readonly object[]>,
  stall: StallWatch,
  isHead: boolean,
): Promise<void> {
  try {
    let next = records.next();
    // A refusal comes at once; the first record may take for ever, and a client wants to know that it listens.
    await Promise.race([next, afterThisTurn()]);
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    if (!isHead)
      for (let batch = await next; batch.done !== true; batch = await next) {
        await writeBatch(response, batch.value, stall);
        if (response.destroyed) return;
        next = records.next();
      }
    response.end();
  } finally {
    await records.return(undefined);
  }
}

async function writeBatch(response: ServerResponse, batch: readonly object[], stall: StallWatch): Promise<void> {
  let text = '';
  for (const [index, record] of batch.entries()) {
    text += `${JSON.stringify(record)}\n`;
    if (text.length < PIECE && index < batch.length - 1) continue;
    if (!response.write(text)) await drained(response, stall);
    if (response.destroyed) return;
    text = '';
  }
}

/** Until the client has taken what was written, or is gone. */
function drained(response: ServerResponse, stall: StallWatch): Promise<void> {
  return new Promise((resolve) => {
    stall.on();
    const done = (): void => {
      response.off('drain', done).off('close', done);
      stall.off();
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}
