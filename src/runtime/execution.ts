import { ThubanError, messageOf } from '../base/index.ts';
import type { LauncherClient, PipeEnd, ProgramExit, Started, TerminalSize } from '../launcher/index.ts';
import { deferred } from './deferred.ts';
import { decodeStatus, signalName } from './exit.ts';
import { InputWriter } from './input-writer.ts';
import { OutputReader, type OutputSink } from './output.ts';
import { within } from './within.ts';

/** How a program that was started in a container ended. */
export interface ExecExit {
  code?: number;
  signal?: string;
  core_dumped?: boolean;
  /** RFC 3339, UTC. */
  time: string;
  /** Seconds. */
  duration: number;
  /** Nobody knows how it ended. */
  error?: Record<string, unknown>;
}

const SIGHUP = 1;
const SIGKILL = 9;
/** For whoever still holds its output when it has ended. */
const OUTPUT_GRACE_MS = 2000;
/** From the hang-up to the kill. */
const ABANDONED_MS = 10_000;

/** A further program in a container that runs: it ends with that, or before. */
export class Execution {
  /** Id of the container. */
  readonly container: string;
  readonly pid: number;
  readonly #launcher: LauncherClient;
  readonly #run: bigint;
  readonly #started: Started;
  readonly #exited: Promise<ProgramExit>;
  readonly #input: InputWriter | undefined;
  readonly #abandoned = deferred<undefined>();
  #isAbandoned = false;

  constructor(parts: {
    container: string;
    launcher: LauncherClient;
    run: bigint;
    started: Started;
    exited: Promise<ProgramExit>;
    stdin: PipeEnd | undefined;
  }) {
    this.container = parts.container;
    this.pid = parts.started.program;
    this.#launcher = parts.launcher;
    this.#run = parts.run;
    this.#started = parts.started;
    this.#exited = parts.exited;
    if (parts.stdin !== undefined) this.#input = new InputWriter(parts.launcher.pid, parts.stdin);
  }

  /** Reads its output into the sink. Resolves when the program has ended, and its output is read: to be called once. */
  async relay(output: OutputSink): Promise<ExecExit> {
    const readers: OutputReader[] = [];
    try {
      for (const stream of ['stdout', 'stderr'] as const) {
        const pipe = this.#started[stream];
        if (pipe !== undefined) readers.push(new OutputReader(this.#launcher.pid, pipe, stream, output));
      }
    } catch (error) {
      await this.signal(SIGKILL);
      throw new ThubanError('TH9001', `cannot read the output: ${messageOf(error)}`, { cause: error });
    } finally {
      void this.#exited.then(() => this.#input?.close());
    }
    const exit = await this.#exited;
    const patient = (): boolean => !this.#isAbandoned;
    const read = Promise.all(readers.map((reader) => reader.finish(OUTPUT_GRACE_MS, patient)));
    await Promise.race([read, this.#abandoned.promise]);
    if (this.#isAbandoned) for (const reader of readers) void reader.finish(0, () => false);
    await this.#launcher.release(this.#run);
    return exitOf(exit, this.#started);
  }

  /** Calls back when the program, or its pipe, has taken it; also when it reads no more, because there is nobody to tell. */
  write(chunk: Buffer, taken: () => void): void {
    if (this.#input === undefined) taken();
    else this.#input.write(chunk, taken);
  }

  /** The end of its standard input, after all that was written. */
  endInput(): void {
    void this.#input?.end().then(async () => {
      if (!this.#launcher.isLost) await this.#launcher.closeInput(this.#run);
    });
  }

  /** False: it has ended, or has no terminal. */
  resize(size: TerminalSize): Promise<boolean> {
    return this.#launcher.resize(this.#run, size);
  }

  /** False: it has ended. */
  signal(signal: number): Promise<boolean> {
    return this.#launcher.signal(this.#run, signal);
  }

  /** Nobody listens any more: what a terminal that is closed does, and after a while what nobody can refuse. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#abandoned.resolve(undefined);
    this.endInput();
    if (!(await this.signal(SIGHUP)) || (await within(ABANDONED_MS, this.#exited))) return;
    await this.signal(SIGKILL);
  }
}

function exitOf(exit: ProgramExit, started: Started): ExecExit {
  const duration = Math.max(0, Math.round(Number(exit.mono - started.mono) / 1e6)) / 1000;
  const base = { time: new Date(Number(exit.time / 1_000_000n)).toISOString(), duration };
  if (exit.status === null) return { ...base, error: new ThubanError('TH3011', 'the launcher ended').toJSON() };
  const decoded = decodeStatus(exit.status);
  if ('code' in decoded) return { ...base, code: decoded.code };
  return { ...base, signal: signalName(decoded.signal), ...(decoded.coreDumped ? { core_dumped: true } : {}) };
}

/** A program that was started in a container. */
export type ExecHandle = Pick<
  Execution,
  'container' | 'pid' | 'relay' | 'write' | 'endInput' | 'resize' | 'signal' | 'abandon'
>;
