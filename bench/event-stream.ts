import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

interface SeenEvent {
  type: string;
  container?: string;
  exit?: { reason?: string; code?: number };
  /** When this process received it, on CLOCK_MONOTONIC. */
  received: bigint;
}

/** Follows what happens to one container, as a rule its ends. The time of an event is taken before anything is done with it. */
export class EventStream {
  readonly #answer: IncomingMessage;
  readonly #types: readonly string[];
  readonly #unread: SeenEvent[] = [];
  #rest = '';
  #waiting: { resolve: (event: SeenEvent) => void; reject: (error: Error) => void } | undefined;
  #ended = false;

  private constructor(answer: IncomingMessage, types: readonly string[]) {
    this.#answer = answer;
    this.#types = types;
    answer.on('data', (chunk: Buffer) => {
      this.#receive(chunk.toString('utf8'), process.hrtime.bigint());
    });
    answer.on('error', () => undefined); // 'close' follows
    answer.on('close', () => {
      this.#ended = true;
      this.#waiting?.reject(ENDED());
    });
  }

  static async open(socketPath: string, id: string, types: readonly string[] = ['exited']): Promise<EventStream> {
    const wanted = types.map((type) => `&type=${type}`).join('');
    const path = `/v1/events?follow=true${wanted}&container=${encodeURIComponent(id)}`;
    const outgoing = request({ socketPath, path, agent: false });
    outgoing.end();
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`GET ${path} answers ${answer.statusCode ?? 'nothing'}`);
    return new EventStream(answer, types);
  }

  /** The next one. Rejects when there will be none. */
  next(): Promise<SeenEvent> {
    const event = this.#unread.shift();
    if (event !== undefined) return Promise.resolve(event);
    if (this.#ended) return Promise.reject(ENDED());
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  /** Forgets what has not been asked for. */
  skip(): void {
    this.#unread.length = 0;
  }

  close(): void {
    this.#waiting = undefined;
    this.#answer.destroy();
  }

  #receive(text: string, received: bigint): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines.filter((each) => each !== '')) {
      const event = { ...(JSON.parse(line) as Omit<SeenEvent, 'received'>), received };
      if (!this.#types.includes(event.type)) continue; // a gap, say
      if (this.#waiting === undefined) this.#unread.push(event);
      this.#waiting?.resolve(event);
      this.#waiting = undefined;
    }
  }
}

const ENDED = (): Error => new Error('the stream of events ended');
