/** Those who wait for something to happen, each until it does or their own signal aborts. */
export class Waiting {
  readonly #waiting = new Set<() => void>();

  /** It happened. */
  wake(): void {
    for (const resume of [...this.#waiting]) resume();
  }

  /** Resolves at the next `wake`, or when the signal has aborted. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        this.#waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#waiting.add(resume);
      if (signal.aborted) resume();
      else signal.addEventListener('abort', resume, { once: true });
    });
  }
}
