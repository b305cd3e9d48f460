/** Ctrl-C ends what is followed, in order; `signal` is for the client, `code` what the process ends with. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();

  constructor() {
    process.once('SIGINT', this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get happened(): boolean {
    return this.#controller.signal.aborted;
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#abort);
  }

  readonly #abort = (): void => {
    this.#controller.abort();
  };
}

export const INTERRUPTED = 130;
