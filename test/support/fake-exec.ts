import type { ExecExit, ExecHandle, ExecRequest, OutputSink } from '../../src/runtime/index.ts';

/** A program that writes back what it reads, and ends with its input, with code 3, or by a signal. `told`: what came beside the input. */
export class FakeExec implements ExecHandle {
  readonly container: string;
  readonly pid = 4711;
  readonly request: ExecRequest;
  readonly told: unknown[] = [];
  /** What each chunk waits for until it is taken. */
  taking: () => Promise<void> = () => Promise.resolve();
  isAbandoned = false;
  #sink: OutputSink | undefined;
  #end!: (exit: ExecExit) => void;
  readonly #ended = new Promise<ExecExit>((resolve) => {
    this.#end = resolve;
  });
  #last: Promise<void> = Promise.resolve();

  constructor(container: string, request: ExecRequest) {
    this.container = container;
    this.request = request;
  }

  relay(output: OutputSink): Promise<ExecExit> {
    this.#sink = output;
    if (this.request.args[0] === 'fail') {
      output.write('stderr', Buffer.from('no\n'));
      this.end({ code: 3 });
    }
    return this.#ended;
  }

  end(how: { code?: number; signal?: string }): void {
    this.#end({ ...how, time: '2026-01-31T10:00:00.000Z', duration: 1 });
  }

  write(chunk: Buffer, taken: () => void): void {
    this.#last = this.#last.then(async () => {
      await this.taking();
      if (this.#sink?.write('stdout', chunk) === false) await this.#sink.drained('stdout');
      taken();
    });
  }

  endInput(): void {
    void this.#last.then(() => {
      this.end({ code: 0 });
    });
  }

  resize(size: { rows: number; columns: number }): Promise<boolean> {
    this.told.push(size);
    return Promise.resolve(true);
  }

  signal(signal: number): Promise<boolean> {
    this.told.push(signal);
    if (signal === 15) this.end({ signal: 'SIGTERM' });
    return Promise.resolve(true);
  }

  abandon(): Promise<void> {
    this.isAbandoned = true;
    this.end({ signal: 'SIGHUP' });
    return Promise.resolve();
  }
}
