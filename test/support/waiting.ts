/** Those who wait for something to happen, each until their own signal aborts. */
export class Waiting {
  readonly #waiting = new Set<() => void>();

  wake(): void {
    for (const resume of [...this.#waiting]) resume();
  }

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        this.#waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#waiting.add(resume);
      signal.addEventListener('abort', resume);
    });
  }
}
