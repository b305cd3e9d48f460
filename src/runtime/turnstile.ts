/** Lets so many through at once; the others wait, in the order in which they came. */
export class Turnstile {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(width: number) {
    this.#free = width;
  }

  /** True: the way was free, and is taken until `leave`. */
  tryEnter(): boolean {
    if (this.#free === 0 || this.#waiting.size > 0) return false;
    this.#free--;
    return true;
  }

  /** Resolves with true when it is one's turn, and with false when the signal aborts before. */
  enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.tryEnter()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const give = (): void => {
        signal.removeEventListener('abort', give);
        this.#waiting.delete(give);
        resolve(!signal.aborted);
      };
      this.#waiting.add(give);
      signal.addEventListener('abort', give, { once: true });
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else next();
  }
}
