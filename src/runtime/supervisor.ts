import { ThubanError, isAboutText, nextStep, suggest } from '../base/index.ts';
import type { Manifest } from '../manifest/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { Container } from './container.ts';
import { rejectedId, type Entry, type RejectedEntry } from './catalogue.ts';
import type {
  Applied,
  ContainerDetail,
  ContainerSummary,
  Control,
  DaemonVersion,
  EventQuery,
  EventRecord,
  InstallOptions,
  Installed,
  LogQuery,
  RepositorySummary,
  StartOverrides,
  Uninstalled,
} from './control.ts';
import {
  StatsReader,
  type AllStatsQuery,
  type ContainerStats,
  type StatsQuery,
  type StatsSample,
} from './container-stats.ts';
import { deferred } from './deferred.ts';
import { detailOf, rejectedDetail, rejectedSummary, summaryOf } from './describe.ts';
import type { EventHistory } from './event-history.ts';
import { signalNames, signalNumber, type Exit } from './exit.ts';
import { noProgram } from './no-program.ts';
import { lacksProgram } from './plan-overrides.ts';
import { readLimits } from './read-limits.ts';
import type { LogRecord } from './log-format.ts';
import type { PauseResult, ResumeResult } from './pausing.ts';
import type { ExecHandle } from './execution.ts';
import type { ExecRequest } from './plan-exec.ts';
import { isResting, type State } from './states.ts';
import type { UpdateOptions, Updated } from './updated.ts';

/** How many of its newest events `inspect` shows of a container. */
const HISTORY = 20;
const SIGKILL = 9;

export interface SupervisorParts {
  catalogue: Catalogue;
  history: EventHistory;
  version: () => DaemonVersion;
  reconciler: Pick<Control, 'apply' | 'repositories'>;
  packages: Pick<Control, 'install' | 'uninstall'>;
  exec: (container: Container, manifest: Manifest, request: ExecRequest) => Promise<ExecHandle>;
}

/** Carries out what a console asks for. */
export class Supervisor implements Control {
  /** Resolves when the daemon is asked to end. */
  readonly shutdownAsked: Promise<{ keep: boolean }>;
  readonly #catalogue: Catalogue;
  readonly #history: EventHistory;
  readonly #version: () => DaemonVersion;
  readonly #reconciler: SupervisorParts['reconciler'];
  readonly #packages: SupervisorParts['packages'];
  readonly #stats: StatsReader;
  readonly #exec: SupervisorParts['exec'];
  readonly #askShutdown: (how: { keep: boolean }) => void;
  #ending = false;

  constructor(parts: SupervisorParts) {
    this.#catalogue = parts.catalogue;
    this.#stats = new StatsReader(parts.catalogue);
    this.#history = parts.history;
    this.#version = parts.version;
    this.#reconciler = parts.reconciler;
    this.#packages = parts.packages;
    this.#exec = parts.exec;
    const { promise, resolve } = deferred<{ keep: boolean }>();
    this.shutdownAsked = promise;
    this.#askShutdown = resolve;
  }

  list(options: { usage?: boolean } = {}): ContainerSummary[] {
    return [
      ...this.#catalogue.sorted.map((entry) => summaryOf(entry, options.usage ?? false)),
      ...this.#catalogue.rejected.map(rejectedSummary),
    ].sort((a, b) => compare(sortName(a), sortName(b)));
  }

  inspect(name: string): ContainerDetail {
    const entry = this.#catalogue.find(name);
    if ('rejected' in entry) return rejectedDetail(entry, this.#history.newest(rejectedId(entry), HISTORY));
    return detailOf(entry, this.#catalogue, this.#history.newest(entry.supervised.id, HISTORY));
  }

  async start(name: string, overrides: StartOverrides = {}): Promise<{ id: string; pid: number }> {
    const entry = this.#good(name, 'start');
    const { supervised } = entry;
    const { state } = supervised;
    if (isResting(state)) {
      this.#checkUsable(entry, 'start');
      this.#checkProgram(entry, overrides);
    }
    const changed = Object.keys(overrides).length > 0;
    if (state === 'running' || state === 'stopping' || (changed && (state === 'starting' || state === 'backoff')))
      throw wrongState(supervised.id, state, 'start', 'stopped, failed or backoff');
    if (state === 'backoff') supervised.startNow();
    else if (state !== 'starting') void supervised.start(overrides);
    const container = await supervised.attempt;
    return { id: supervised.id, pid: container.started.program };
  }

  async stop(name: string, options: { timeout?: number } = {}): Promise<{ id: string; exit: Exit | null }> {
    const { supervised } = this.#good(name, 'stop');
    const { state } = supervised;
    if (state === 'stopped' || state === 'failed')
      throw wrongState(supervised.id, state, 'stop', 'starting, running or backoff');
    await supervised.stop('on request', { ...options, asked: true });
    return { id: supervised.id, exit: supervised.status.last_exit ?? null };
  }

  async restart(name: string, options: { timeout?: number } = {}): Promise<{ id: string; pid: number }> {
    const entry = this.#good(name, 'restart');
    const { supervised } = entry;
    if (isResting(supervised.state)) {
      this.#checkUsable(entry, 'restart');
      this.#checkProgram(entry, entry.supervised.overrides);
    }
    const { started } = await supervised.restart('for restart', options);
    const container = await started;
    return { id: supervised.id, pid: container.started.program };
  }

  async kill(name: string, options: { signal?: string } = {}): Promise<{ id: string }> {
    const signal = numberOf(options.signal ?? 'SIGKILL');
    const { supervised } = this.#good(name, 'kill');
    const { container, state, id } = supervised;
    if (signal === SIGKILL && state !== 'stopped' && state !== 'failed') await supervised.kill('by kill');
    else if (container === undefined || !(await container.signal(signal)))
      throw wrongState(id, supervised.state, 'kill', 'running');
    return { id };
  }

  async pause(name: string): Promise<{ id: string } & PauseResult> {
    const { id, container } = this.#running(name, 'pause');
    return { id, ...(await container.pausing.pause()) };
  }

  async resume(name: string): Promise<{ id: string } & ResumeResult> {
    const { id, container } = this.#running(name, 'resume');
    return { id, ...(await container.pausing.resume()) };
  }

  async exec(name: string, request: ExecRequest): Promise<ExecHandle> {
    const { container, manifest } = this.#running(name, 'exec');
    return this.#exec(container, manifest, request);
  }

  async update(name: string, cgroups: Record<string, unknown>, options: UpdateOptions = {}): Promise<Updated> {
    const { supervised } = this.#good(name, 'update');
    const limits = readLimits(cgroups);
    const { container, state, id } = supervised;
    if (container === undefined || state !== 'running') throw wrongState(id, state, 'update', 'running');
    return supervised.limits.update(container, limits, options);
  }

  logs(name: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord[]> {
    const entry = this.#catalogue.find(name);
    if ('rejected' in entry) throw rejected(entry, 'logs');
    return entry.log.read(query, signal);
  }

  stats(name: string, query: StatsQuery, signal: AbortSignal): AsyncGenerator<ContainerStats[]> {
    return this.#stats.one(name, query, signal);
  }

  allStats(query: AllStatsQuery, signal: AbortSignal): AsyncGenerator<StatsSample[]> {
    return this.#stats.all(query, signal);
  }

  events(query: EventQuery, signal: AbortSignal): AsyncGenerator<EventRecord[]> {
    return this.#history.read(query, signal);
  }

  version(): DaemonVersion {
    return this.#version();
  }

  apply(options: { dry_run?: boolean } = {}): Promise<Applied> {
    if (this.#ending) return Promise.reject(shuttingDown());
    return this.#reconciler.apply(options);
  }

  repositories(): RepositorySummary[] {
    return this.#reconciler.repositories();
  }

  async install(
    repository: string,
    source: AsyncIterable<Uint8Array>,
    options: InstallOptions = {},
  ): Promise<Installed> {
    if (this.#ending) throw shuttingDown();
    return this.#packages.install(repository, source, options);
  }

  async uninstall(repository: string, name: string, options: { wipe?: boolean } = {}): Promise<Uninstalled> {
    if (this.#ending) throw shuttingDown();
    return this.#packages.uninstall(repository, name, options);
  }

  shutdown(options: { keep?: boolean } = {}): void {
    this.#ending = true;
    this.#askShutdown({ keep: options.keep ?? false });
  }

  #good(name: string, action: string): Entry {
    if (this.#ending) throw shuttingDown();
    const entry = this.#catalogue.find(name);
    if ('rejected' in entry) throw rejected(entry, action);
    return entry;
  }

  #running(name: string, action: string): { id: string; container: Container; manifest: Manifest } {
    const { supervised } = this.#good(name, action);
    const { id, state, container, loaded } = supervised;
    if (state !== 'running' || container === undefined) throw wrongState(id, state, action, 'running');
    return { id, container, manifest: loaded.manifest };
  }

  /** Before anything is begun: a start that comes to nothing would be a failure of the container. */
  #checkProgram({ supervised: { id, state, loaded } }: Entry, overrides: StartOverrides): void {
    if (lacksProgram(loaded.manifest, overrides))
      throw noProgram(loaded.manifest, this.#catalogue.mountedBy(id), state);
  }

  /** What runs from a file that is broken by now runs on; nothing is started from it. */
  #checkUsable(own: Entry, action: string): void {
    const entry = this.#catalogue.rejectionOf(own);
    const { id, state } = own.supervised;
    if (entry !== undefined)
      throw refusedBy(entry, `\`${id}\` cannot be started as its manifest is rejected`, { id, state, action });
  }
}

/** What is rejected is shown by the name of its file, and stands where one looks for that. */
function sortName({ id, name, state }: ContainerSummary): string {
  return state === 'rejected' ? id : name;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function shuttingDown(): ThubanError {
  return new ThubanError('TH6014', 'the daemon is shutting down', { hint: 'wait for the next one' });
}

function numberOf(name: string): number {
  const upper = name.toUpperCase();
  const found = signalNumber(upper.startsWith('SIG') ? upper : `SIG${upper}`);
  if (found !== undefined) return found;
  const meant = suggest(upper.startsWith('SIG') ? upper : `SIG${upper}`, signalNames());
  throw new ThubanError('TH6012', `\`${name}\` is not a signal`, {
    hint: meant === undefined ? 'for example `SIGHUP`' : `did you mean \`${meant}\`?`,
    details: { signal: name },
  });
}

/** What to do instead, by the state that stands in the way. */
const remedies: Readonly<Record<State, string>> = {
  stopped: 'thuban start',
  starting: 'thuban inspect',
  running: 'thuban restart',
  stopping: 'thuban wait',
  backoff: 'thuban inspect',
  failed: 'thuban start',
};

function wrongState(id: string, state: State, action: string, needs: string): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` is ${state}, ${action} needs ${needs}`, {
    hint: `${remedies[state]} ${id}`,
    details: { id, state, action },
  });
}

function rejected(entry: RejectedEntry, action: string): ThubanError {
  const id = rejectedId(entry);
  return refusedBy(entry, `\`${id}\` is rejected, so there is nothing to ${action}`, { id, state: 'rejected', action });
}

function refusedBy(entry: RejectedEntry, what: string, details: Record<string, unknown>): ThubanError {
  const [first] = entry.rejected.diagnostics;
  const why = first === undefined ? '' : `: ${first.message}${isAboutText(first) ? ` (line ${first.line})` : ''}`;
  return new ThubanError('TH6005', `${what}${why}`, {
    hint: first === undefined ? `thuban validate ${entry.rejected.file}` : nextStep(first, entry.rejected.file),
    details: { ...details, errors: entry.rejected.diagnostics },
  });
}
