/** Milliseconds between the looks. The kernel still writes its report before it kills: 1.4 ms were measured, on a busy machine. */
const PAUSES_MS = [1, 1, 1, 1, 2, 4, 8, 16, 32, 64, 256, 1024];

/** After a notification of an out-of-memory that the kernel's counter does not show yet: v1 notifies before it has chosen whom to kill. */
export class OomLookout {
  readonly #look: () => unknown;
  /** Resolves to true when the container has ended within so many milliseconds. */
  readonly #ends: (ms: number) => Promise<boolean>;
  #isLooking = false;
  #next = 0;

  constructor(look: () => unknown, ends: (ms: number) => Promise<boolean>) {
    this.#look = look;
    this.#ends = ends;
  }

  /** To be told of a notification. However many come, there is one that looks, and it begins its pauses anew. */
  async notified(): Promise<void> {
    this.#next = 0;
    this.#look();
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (let pause = PAUSES_MS[0]; pause !== undefined; pause = PAUSES_MS[this.#next]) {
      this.#next++;
      if (await this.#ends(pause)) break; // the end looks once more
      this.#look();
    }
    this.#isLooking = false;
  }
}
