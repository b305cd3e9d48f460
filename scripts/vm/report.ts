const COUNTS = ['tests', 'pass', 'fail', 'cancelled', 'skipped', 'todo'] as const;
type Count = (typeof COUNTS)[number];

/** Reads the output of node:test's `spec` reporter as it comes, in pieces of any size. */
export class TestReport {
  readonly #counts = new Map<Count, number>();
  readonly #reasons = new Map<string, number>();
  #rest = '';

  feed(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#read(Buffer.from(line, 'latin1').toString());
  }

  count(name: Count): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Why tests were skipped, with how many each, most first. */
  get skipped(): [reason: string, tests: number][] {
    return [...this.#reasons].sort(([, a], [, b]) => b - a);
  }

  /** `12 passed, 0 failed, 3 skipped`; what is not counted on a good day is named only when it is there. */
  get summary(): string {
    const parts = [`${this.count('pass')} passed`, `${this.count('fail')} failed`, `${this.count('skipped')} skipped`];
    if (this.count('cancelled') > 0) parts.push(`${this.count('cancelled')} cancelled`);
    return parts.join(', ');
  }

  #read(line: string): void {
    const [, name, value] = /^ℹ (\w+) (\d+)$/.exec(line) ?? [];
    const count = COUNTS.find((each) => each === name);
    if (count !== undefined) this.#counts.set(count, Number(value));
    const reason = /^\s*﹣ .* # (.+)$/.exec(line)?.[1];
    if (reason !== undefined) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }
}
