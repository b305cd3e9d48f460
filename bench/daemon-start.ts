import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsoleClient } from '../src/console/index.ts';
import { Connection } from './connection.ts';
import type { Contestant, Turn } from './contestant.ts';
import { EventStream } from './event-stream.ts';
import { idOf, MEASURED, MEASURED_ON_HOST } from './manifests.ts';

const TIMEOUT_MS = 20_000;

/** Lines of the log that one turn leaves, and some to spare. */
const LINES = 200;

/** The product: a start by its console, to the event that says that all is gone. */
export class DaemonStart implements Contestant {
  readonly name: string;
  readonly role = 'ours';
  readonly hostNetwork: boolean;
  readonly pids: readonly number[];
  readonly #id: string;
  readonly #console: ConsoleClient;
  readonly #connection: Connection;
  readonly #events: EventStream;
  readonly #request: string;

  private constructor(
    pids: number[],
    name: string,
    client: ConsoleClient,
    connection: Connection,
    events: EventStream,
  ) {
    this.hostNetwork = name === MEASURED_ON_HOST;
    this.name = this.hostNetwork ? 'thuban daemon, host network' : 'thuban daemon';
    this.pids = pids;
    this.#id = idOf(name);
    this.#console = client;
    this.#connection = connection;
    this.#events = events;
    this.#request =
      `POST /v1/containers/${encodeURIComponent(this.#id)}/start HTTP/1.1\r\nhost: thuban\r\n` +
      'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
  }

  /** `name` of the container. */
  static async open(pids: number[], client: ConsoleClient, socket: string, name = MEASURED): Promise<DaemonStart> {
    const events = await EventStream.open(socket, idOf(name));
    return new DaemonStart(pids, name, client, await Connection.open(socket), events);
  }

  async turn(): Promise<Turn> {
    this.#events.skip();
    const begin = process.hrtime.bigint();
    const answered = this.#connection.send(this.#request);
    const ended = this.#events.next();
    ended.catch(() => undefined); // awaited below, unless the start is refused
    const answer = await answered;
    if (answer.status !== 200) throw new Error(`start answers ${answer.status}: ${answer.body.slice(0, 300)}`);
    const event = await within(ended);
    if (event.exit?.code !== 0) throw new Error(`the program ended otherwise: ${JSON.stringify(event.exit)}`);
    return { begin, gone: event.received };
  }

  /** The program writes its stamp to its output, which is read when the turns are over. */
  async stamps(): Promise<bigint[]> {
    const found: bigint[] = [];
    for await (const { stream, line } of this.#console.logs(this.#id, { tail: LINES }))
      if (stream === 'stdout' && /^\d+$/.test(line)) found.push(BigInt(line));
    return found;
  }

  close(): void {
    this.#connection.close();
    this.#events.close();
  }
}

async function within<T>(promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(TIMEOUT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`nothing was heard for ${TIMEOUT_MS / 1000} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}
