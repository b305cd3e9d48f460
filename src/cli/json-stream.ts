/** Records as they come: NDJSON when they are followed, one array when they end. */
export class JsonStream {
  readonly #follow: boolean;
  #count = 0;

  constructor(follow: boolean) {
    this.#follow = follow;
  }

  record(value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#follow) process.stdout.write(`${text}\n`);
    else process.stdout.write(`${this.#count === 0 ? '[' : ','}\n${text}`);
    this.#count++;
  }

  end(): void {
    if (!this.#follow) process.stdout.write(this.#count === 0 ? '[]\n' : '\n]\n');
  }
}
