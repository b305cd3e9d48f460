/**
 * A stack of things to undo, in reverse order, whatever happens. Node 20 has `Symbol.asyncDispose` but no
 * AsyncDisposableStack. Every failure is collected; none stops the ones below it.
 */
export class Cleanup implements AsyncDisposable {
  #undo: { what: string; run: () => void | Promise<void> }[] = [];

  defer(what: string, run: () => void | Promise<void>): void {
    this.#undo.push({ what, run });
  }

  /** Runs everything once. Calling it again is harmless. */
  async dispose(): Promise<void> {
    const failures: Error[] = [];
    for (let entry = this.#undo.pop(); entry !== undefined; entry = this.#undo.pop()) {
      try {
        await entry.run();
      } catch (error) {
        failures.push(
          new Error(`${entry.what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }),
        );
      }
    }
    const [first, ...others] = failures;
    if (first !== undefined && others.length === 0) throw first;
    if (others.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
