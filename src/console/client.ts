import { ThubanError } from '../base/index.ts';
import type {
  AllStatsQuery,
  Applied,
  ContainerDetail,
  ContainerStats,
  ContainerSummary,
  DaemonVersion,
  EventQuery,
  EventRecord,
  ExecRequest,
  Exit,
  Identity,
  Installed,
  LogQuery,
  LogRecord,
  PauseResult,
  RepositorySummary,
  ResumeResult,
  StartOverrides,
  StatsQuery,
  StatsSample,
  Uninstalled,
  UpdateOptions,
  Updated,
} from '../runtime/index.ts';
import { exchange, readJson, type Call } from './client/exchange.ts';
import { openExec, type ExecConnection, type TakeOutput } from './client/exec.ts';
import { readRecords } from './client/records.ts';
import { withQuery } from './client/query.ts';
import type { ClientUpload } from './client/send-upload.ts';

export interface ConsoleClientOptions {
  /** Told of every request when its answer begins: `GET /v1/version 200 (3 ms)`. */
  onRequest?: (line: string) => void;
}

/**
 * Speaks to a daemon. Every call has a connection of its own and waits for its answer as long as it takes. What the daemon refuses is the
 * ThubanError that it reports, with its code, hint and details; TH6001 when no daemon answers, with `details.cause`.
 */
export class ConsoleClient {
  readonly #socketPath: string;
  readonly #onRequest: ((line: string) => void) | undefined;

  constructor(socketPath: string, options: ConsoleClientOptions = {}) {
    this.#socketPath = socketPath;
    this.#onRequest = options.onRequest;
  }

  /** Who this connection is, and what it may. */
  async identity(): Promise<Identity> {
    return this.#ask('GET', '/v1/ident');
  }

  async containers(options: { usage?: boolean } = {}): Promise<ContainerSummary[]> {
    return this.#ask('GET', withQuery('/v1/containers', { usage: options.usage }));
  }

  async container(name: string): Promise<ContainerDetail> {
    return this.#ask('GET', containerPath(name));
  }

  /** Answers when the program was executed. */
  async start(name: string, overrides: StartOverrides = {}): Promise<{ id: string; pid: number }> {
    return this.#ask('POST', containerPath(name, 'start'), overrides);
  }

  /** Answers when all of the container is gone. `timeout` in seconds, instead of the manifest's. */
  async stop(name: string, options: { timeout?: number } = {}): Promise<{ id: string; exit: Exit | null }> {
    return this.#ask('POST', containerPath(name, 'stop'), options);
  }

  async restart(name: string, options: { timeout?: number } = {}): Promise<{ id: string; pid: number }> {
    return this.#ask('POST', containerPath(name, 'restart'), options);
  }

  /** `signal` by name; SIGKILL unless told. */
  async kill(name: string, options: { signal?: string } = {}): Promise<{ id: string }> {
    return this.#ask('POST', containerPath(name, 'kill'), options);
  }

  /** Answers when every process of the container is held. */
  async pause(name: string): Promise<{ id: string } & PauseResult> {
    return this.#ask('POST', containerPath(name, 'pause'));
  }

  async resume(name: string): Promise<{ id: string } & ResumeResult> {
    return this.#ask('POST', containerPath(name, 'resume'));
  }

  /** Starts a further program in a container that runs; answers when it was executed. */
  async exec(name: string, request: ExecRequest, take: TakeOutput): Promise<ExecConnection> {
    return openExec(this.#socketPath, containerPath(name, 'exec'), request, take, this.#onRequest);
  }

  /** Other limits for what runs: `cgroups` as a manifest has it, in the place of the section in force. */
  async update(name: string, cgroups: object, options: UpdateOptions = {}): Promise<Updated> {
    return this.#ask('POST', containerPath(name, 'update'), { cgroups, ...options });
  }

  /** Lines, oldest first. It ends with the last one, or with `follow` when the signal aborts or the container is taken out. */
  async *logs(name: string, query: LogQuery = {}, signal?: AbortSignal): AsyncGenerator<LogRecord> {
    yield* this.#stream<LogRecord>(withQuery(containerPath(name, 'logs'), { ...query }), signal);
  }

  /**
   * Events, oldest first. With `follow` it ends when the signal aborts or the daemon ends; a connection that is lost throws TH6001, and
   * who wants to go on asks again with the `epoch` and `seq` of the last event.
   */
  events(query: EventQuery = {}, signal?: AbortSignal): AsyncGenerator<EventRecord> {
    const { types, containers, ...others } = query;
    return this.#stream(withQuery('/v1/events', { ...others, type: types, container: containers }), signal);
  }

  /** What the kernel counts for a container now; with `follow` at every interval, until the signal aborts or it is taken out. */
  async *stats(name: string, query: StatsQuery = {}, signal?: AbortSignal): AsyncGenerator<ContainerStats> {
    yield* this.#stream<ContainerStats>(withQuery(containerPath(name, 'stats'), { ...query }), signal);
  }

  /** The same of all that run. */
  allStats(query: AllStatsQuery = {}, signal?: AbortSignal): AsyncGenerator<StatsSample> {
    const { containers, ...others } = query;
    return this.#stream(withQuery('/v1/stats', { ...others, container: containers }), signal);
  }

  /** Answers when all is done; with `dry_run` at once with what would be. */
  async apply(options: { dry_run?: boolean } = {}): Promise<Applied> {
    return this.#ask('POST', '/v1/apply', options);
  }

  async repositories(): Promise<RepositorySummary[]> {
    return this.#ask('GET', '/v1/repositories');
  }

  async version(): Promise<DaemonVersion> {
    return this.#ask('GET', '/v1/version');
  }

  /** Sends a package when the daemon asks for it. Answers when its container is listed, and started if it starts by itself. */
  async install(repository: string, upload: ClientUpload, signal?: AbortSignal): Promise<Installed> {
    const path = packagesPath(repository);
    const call: Call = { method: 'PUT', path, upload, ...(signal === undefined ? {} : { signal }) };
    return (await readJson(await exchange(this.#socketPath, call, this.#onRequest), this.#socketPath)) as Installed;
  }

  /** `name`: of a container, or of the file of a rejected package. */
  async uninstall(repository: string, name: string, options: { wipe?: boolean } = {}): Promise<Uninstalled> {
    return this.#ask('DELETE', withQuery(`${packagesPath(repository)}/${encoded(name)}`, { wipe: options.wipe }));
  }

  /** Answers when the end has begun. `keep`: containers stay for the next daemon. */
  async shutdown(options: { keep?: boolean } = {}): Promise<void> {
    await this.#ask('POST', '/v1/shutdown', options);
  }

  /** The types are the contract of /v1, which only ever grows. */
  async #ask<T>(method: Call['method'], path: string, body?: object): Promise<T> {
    const call = { method, path, ...(body === undefined ? {} : { body }) };
    return (await readJson(await exchange(this.#socketPath, call, this.#onRequest), this.#socketPath)) as T;
  }

  async *#stream<T>(path: string, signal?: AbortSignal): AsyncGenerator<T> {
    if (isAborted(signal)) return;
    try {
      const call: Call = { method: 'GET', path, ...(signal === undefined ? {} : { signal }) };
      const answer = await exchange(this.#socketPath, call, this.#onRequest);
      for await (const record of readRecords(answer, this.#socketPath)) yield record as T;
    } catch (error) {
      if (!isAborted(signal)) throw error;
    }
  }
}

function containerPath(name: string, action?: string): string {
  if (name === '') throw new ThubanError('TH6012', 'the name of a container is empty', { hint: 'thuban ps' });
  return `/v1/containers/${encoded(name)}${action === undefined ? '' : `/${action}`}`;
}

function packagesPath(repository: string): string {
  return `/v1/repositories/${encoded(repository)}/packages`;
}

/** By way of UTF-8, which has no halves of surrogate pairs; encodeURIComponent throws at them. */
function encoded(word: string): string {
  return encodeURIComponent(Buffer.from(word).toString());
}

/** A function, because the compiler believes that it stays what it was before the answer came. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
