import { systemClock, type Clock } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { EventQuery, EventRecord } from '../../runtime/index.ts';
import { isLost, reconnected } from '../reconnect.ts';

export interface FollowOptions {
  signal: AbortSignal;
  /** Remarks about the connection. */
  remark: (text: string) => void;
  clock?: Clock;
}

/**
 * Events without an end. A daemon that goes away is waited for, and asked for what came after the last event that was seen; the epoch
 * tells it whether that number means anything to it. Only a daemon that was never there is an error.
 */
export async function* followEvents(
  client: ConsoleClient,
  query: EventQuery,
  { signal, remark, clock = systemClock }: FollowOptions,
): AsyncGenerator<EventRecord> {
  let position: { since?: number; epoch?: string } = {
    ...(query.since === undefined ? {} : { since: query.since }),
    ...(query.epoch === undefined ? {} : { epoch: query.epoch }),
  };
  let connected: { pid: number } = await client.version(); // an error here is one of the command
  for (;;) {
    try {
      for await (const event of client.events({ ...query, ...position, follow: true }, signal)) {
        if (position.epoch !== undefined && event.epoch !== position.epoch)
          remark('the daemon was started anew; the numbers of its events begin again');
        position = { since: event.seq, epoch: event.epoch };
        yield event;
      }
    } catch (error) {
      if (!isLost(error)) throw error;
    }
    if (signal.aborted) return;
    remark('connection to the daemon lost, trying again until it answers (Ctrl-C ends)');
    const back = await reconnected(client, signal, clock);
    if (back === undefined) return;
    remark(
      `connected again, after event ${position.since ?? 0}${back.pid === connected.pid ? '' : `; the daemon has pid ${back.pid} now`}`,
    );
    connected = back;
  }
}
