/** Reads files that take long, one after the other, while everything else goes on. */
export class ReadQueue {
  readonly #read: (name: string) => Promise<void>;
  readonly #waiting = new Set<string>();
  #running: Promise<void> | undefined;

  /** `read` must not reject. */
  constructor(read: (name: string) => Promise<void>) {
    this.#read = read;
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** One that waits already keeps its place. */
  add(name: string): void {
    this.#waiting.add(name);
    this.#running ??= this.#work();
  }

  /** Resolves when all are read, or after so many milliseconds. */
  async done(patience = Infinity): Promise<void> {
    if (this.#running === undefined) return;
    if (patience === Infinity) return this.#running;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.race([this.#running, over]);
    clearTimeout(timer);
  }

  /** Begins none any more. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Whoever comes while another is read is visited by this very loop. */
  async #work(): Promise<void> {
    await Promise.resolve(); // so that `#running` is set before it is cleared
    for (const name of this.#waiting) {
      await this.#read(name);
      this.#waiting.delete(name);
    }
    this.#running = undefined;
  }
}
