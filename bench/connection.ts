import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

export interface Answer {
  status: number;
  body: string;
}

const HEAD_END = '\r\n\r\n';

/** Reads one whole answer of HTTP/1.1 from the beginning of the text. Undefined: more has to come. Throws for what is no such answer. */
export function readAnswer(text: string): Answer | undefined {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no answer of HTTP/1.1: ${JSON.stringify(head.slice(0, 80))}`);
  const rest = text.slice(headEnd + HEAD_END.length);
  if (/^transfer-encoding: chunked\s*$/im.test(head)) {
    const body = readChunks(rest);
    return body === undefined ? undefined : { status, body };
  }
  const length = Number(/^content-length: (\d+)\s*$/im.exec(head)?.[1] ?? 0);
  return rest.length < length ? undefined : { status, body: rest.slice(0, length) };
}

function readChunks(text: string): string | undefined {
  let body = '';
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const begin = lineEnd + 2;
    if (text.length < begin + size + 2) return undefined;
    if (size === 0) return body;
    body += text.slice(begin, begin + size);
    at = begin + size + 2;
  }
}

/**
 * One connection to a console that stays open, with the least that a client can do: one write of a request that was put together
 * beforehand. A fuller client would add its own time to the daemon's.
 */
export class Connection {
  readonly #socket: Socket;
  #text = '';
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.#text += chunk;
      this.#look();
    });
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the daemon closed the connection')));
  }

  static async open(path: string): Promise<Connection> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** One request at a time. */
  send(request: string): Promise<Answer> {
    this.#text = '';
    const answer = new Promise<Answer>((resolve, reject) => (this.#waiting = { resolve, reject }));
    this.#socket.write(request);
    return answer;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #look(): void {
    try {
      const answer = readAnswer(this.#text);
      if (answer === undefined) return;
      this.#waiting?.resolve(answer);
    } catch (error) {
      this.#waiting?.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.#waiting = undefined;
  }
}
