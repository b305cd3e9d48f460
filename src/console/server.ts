import { setMaxListeners } from 'node:events';
import type { Control } from '../runtime/index.ts';
import type { ConsoleLog } from './handle-request.ts';
import { defaultLimits, type ConsoleLimits } from './limits.ts';
import { Listener } from './listener.ts';
import type { SocketSpec } from './socket-file.ts';

export interface ConsoleSocket extends SocketSpec {
  /** A word that no route asks for opens nothing. */
  permissions: 'full' | readonly string[];
}

export interface ConsoleServerOptions {
  sockets: readonly ConsoleSocket[];
  control: Control;
  /** For each socket by itself. */
  limits?: Partial<ConsoleLimits>;
  log?: ConsoleLog;
}

/** What an answer that is under way gets when the server closes. */
const GRACE_MS = 1000;

/** Serves the console on Unix sockets, each with permissions of its own. */
export class ConsoleServer implements AsyncDisposable {
  readonly #closing = new AbortController();
  readonly #listeners: Listener[] = [];
  #closed: Promise<unknown> | undefined;

  private constructor() {
    // Every stream listens to this one signal.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Resolves when all sockets take connections. When one cannot be opened, none is left: TH7003, TH7005. */
  static async listen(options: ConsoleServerOptions): Promise<ConsoleServer> {
    const { control, log = () => undefined } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const server = new ConsoleServer();
    const closing = server.#closing.signal;
    try {
      for (const { permissions, ...spec } of options.sockets) {
        const caller = {
          permissions: permissions === 'full' ? permissions : new Set(permissions),
          place: `the permissions of ${spec.path} under \`console.sockets\`, or use another socket`,
        };
        const context = { socket: spec.path, control, caller, limits, log, closing };
        server.#listeners.push(await Listener.open(spec, context));
      }
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** Takes no more connections, ends streams, lets answers finish for a second, and removes the socket files. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#closed ??= Promise.all(this.#listeners.map((listener) => listener.close(GRACE_MS)));
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
