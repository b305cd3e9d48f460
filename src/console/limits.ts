/** Bounds on what clients may cost. Times in seconds, sizes in bytes. */
export interface ConsoleLimits {
  /** At a time, of one socket. */
  connections: number;
  /** Of all connections of one socket together; as many may come at once after a quiet second. */
  requests_per_second: number;
  /** Body of a request. */
  request_size: number;
  /** A package that is installed. */
  install_size: number;
  /** How long a client may take nothing of an answer, or send nothing of a package. */
  stream_timeout: number;
  /** How long a connection may be open without a request. */
  idle_timeout: number | 'unlimited';
  /** How long a request may take to arrive. */
  request_timeout: number | 'unlimited';
}

export const defaultLimits: Readonly<ConsoleLimits> = {
  connections: 64,
  requests_per_second: 1000,
  request_size: 1024 * 1024,
  install_size: 256 * 1024 * 1024,
  stream_timeout: 10,
  idle_timeout: 'unlimited',
  request_timeout: 10,
};

/** Line and headers of a request. The longest id, percent-encoded, takes 4 KiB. */
export const HEADER_SIZE = 16 * 1024;

/** Requests that one connection may send ahead of their answers. */
export const PIPELINE = 32;

/** How long a connection that is refused may still send, so that its client gets to read why. Milliseconds. */
export const LINGER_MS = 1000;

/** Milliseconds; 0, as node:http has it, is for ever. */
export function idleMs({ idle_timeout }: Pick<ConsoleLimits, 'idle_timeout'>): number {
  return idle_timeout === 'unlimited' ? 0 : idle_timeout * 1000;
}

/** The same. */
export function requestMs({ request_timeout }: Pick<ConsoleLimits, 'request_timeout'>): number {
  return request_timeout === 'unlimited' ? 0 : request_timeout * 1000;
}

/** A bucket that holds one second's worth of requests and fills evenly. */
export class RequestRate {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filled: number;

  /** `now`: milliseconds on a clock that never steps. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = perSecond;
    this.#filled = now();
  }

  /** True: one more request is allowed, and counted. */
  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#filled) / 1000) * this.#perSecond);
    this.#filled = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
