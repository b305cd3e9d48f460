import { setMaxListeners } from 'node:events';
import type { ConsoleHost, ConsoleRequest, Control } from '../runtime/index.ts';
import type { ConsoleLog } from './handle-request.ts';
import { defaultLimits, type ConsoleLimits } from './limits.ts';
import { Listener } from './listener.ts';

export interface ContainerConsolesOptions {
  /** For each container by itself. */
  limits?: Partial<ConsoleLimits>;
  log?: ConsoleLog;
}

/** Its program has ended by then: whoever holds a connection has nothing to wait for. */
const GRACE_MS = 0;

/** Nothing of a container has a time-out: a program may connect when it starts, and ask hours later. */
const PATIENT = { idle_timeout: 'unlimited', request_timeout: 'unlimited' } as const;

/** `events` is called `notifications` in manifests of Northstar. */
const SAME: Readonly<Record<string, string>> = { notifications: 'events' };

/** Serves the consoles of containers, each on a socket of its own: that is how a container is known. */
export class ContainerConsoles implements ConsoleHost {
  readonly #limits: ConsoleLimits;
  readonly #log: ConsoleLog;
  readonly #served = new Set<{ close(): Promise<void> }>();
  readonly #control: Promise<Control>;
  #serve!: (control: Control) => void;

  constructor({ limits, log = () => undefined }: ContainerConsolesOptions = {}) {
    this.#limits = { ...defaultLimits, ...limits, ...PATIENT };
    this.#log = log;
    this.#control = new Promise((resolve) => {
      this.#serve = resolve;
    });
  }

  /** From now on there is somebody to ask. What an earlier daemon left may have asked to listen before. */
  serve(control: Control): void {
    this.#serve(control);
  }

  async open({ id, path, permissions, uid, gid }: ConsoleRequest): Promise<{ close(): Promise<void> }> {
    const control = await this.#control;
    const closing = new AbortController();
    setMaxListeners(0, closing.signal); // every stream listens to it
    const caller = {
      container: id,
      permissions: permissions === 'full' ? permissions : new Set(permissions.map((one) => SAME[one] ?? one)),
      place: `\`console.permissions\` of the manifest of \`${id}\``,
    };
    const context = { control, caller, limits: this.#limits, log: this.#log, closing: closing.signal };
    const listener = await Listener.open({ path, mode: 0o600, uid, gid }, { socket: path, ...context });
    const served = {
      close: async (): Promise<void> => {
        this.#served.delete(served);
        closing.abort();
        await listener.close(GRACE_MS);
      },
    };
    this.#served.add(served);
    return served;
  }

  /** Those of containers that another daemon goes on with. */
  async close(): Promise<void> {
    await Promise.all([...this.#served].map((one) => one.close()));
  }
}
