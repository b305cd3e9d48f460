import { ThubanError, isAboutText, suggest } from '../base/index.ts';
import type { Catalogue } from './catalogue.ts';
import { rejectedId, type Entry, type RejectedEntry } from './catalogue.ts';
import type {
  ContainerDetail,
  ContainerSummary,
  Control,
  DaemonVersion,
  EventQuery,
  EventRecord,
  LogQuery,
  StartOverrides,
} from './control.ts';
import { deferred } from './deferred.ts';
import { detailOf, rejectedDetail, rejectedSummary, summaryOf } from './describe.ts';
import type { EventHistory } from './event-history.ts';
import { signalNames, signalNumber, type Exit } from './exit.ts';
import type { LogRecord } from './log-format.ts';
import type { State } from './states.ts';

/** How many of its newest events `inspect` shows of a container. */
const HISTORY = 20;
const SIGKILL = 9;

export interface SupervisorParts {
  catalogue: Catalogue;
  history: EventHistory;
  version: () => DaemonVersion;
}

/** Carries out what a console asks for. */
export class Supervisor implements Control {
  /** Resolves when the daemon is asked to end. */
  readonly shutdownAsked: Promise<{ keep: boolean }>;
  readonly #catalogue: Catalogue;
  readonly #history: EventHistory;
  readonly #version: () => DaemonVersion;
  readonly #askShutdown: (how: { keep: boolean }) => void;
  #ending = false;

  constructor(parts: SupervisorParts) {
    this.#catalogue = parts.catalogue;
    this.#history = parts.history;
    this.#version = parts.version;
    const { promise, resolve } = deferred<{ keep: boolean }>();
    this.shutdownAsked = promise;
    this.#askShutdown = resolve;
  }

  list(options: { usage?: boolean } = {}): ContainerSummary[] {
    return [
      ...this.#catalogue.sorted.map((entry) => summaryOf(entry, options.usage ?? false)),
      ...this.#catalogue.rejected.map(rejectedSummary),
    ].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  inspect(name: string): ContainerDetail {
    const entry = this.#catalogue.find(name);
    if ('rejected' in entry) return rejectedDetail(entry, this.#history.newest(rejectedId(entry), HISTORY));
    return detailOf(entry, this.#history.newest(entry.supervised.id, HISTORY));
  }

  async start(name: string, overrides: StartOverrides = {}): Promise<{ id: string; pid: number }> {
    const { supervised } = this.#good(name, 'start');
    const { state } = supervised;
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
    await supervised.stop('on request', options);
    return { id: supervised.id, exit: supervised.status.last_exit ?? null };
  }

  async restart(name: string, options: { timeout?: number } = {}): Promise<{ id: string; pid: number }> {
    const { supervised } = this.#good(name, 'restart');
    await supervised.restart('for restart', options);
    const container = await supervised.attempt;
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

  logs(name: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord[]> {
    const entry = this.#catalogue.find(name);
    if ('rejected' in entry) throw rejected(entry, 'logs');
    return entry.log.read(query, signal);
  }

  events(query: EventQuery, signal: AbortSignal): AsyncGenerator<EventRecord[]> {
    return this.#history.read(query, signal);
  }

  version(): DaemonVersion {
    return this.#version();
  }

  shutdown(options: { keep?: boolean } = {}): void {
    this.#ending = true;
    this.#askShutdown({ keep: options.keep ?? false });
  }

  #good(name: string, action: string): Entry {
    if (this.#ending) throw new ThubanError('TH6014', 'the daemon is shutting down', { hint: 'wait for the next one' });
    const entry = this.#catalogue.find(name);
    if ('rejected' in entry) throw rejected(entry, action);
    return entry;
  }
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
  const [first] = entry.rejected.diagnostics;
  const isPlaced = first === undefined || isAboutText(first);
  const why = first === undefined ? '' : `: ${first.message}${isPlaced ? ` (line ${first.line})` : ''}`;
  return new ThubanError('TH6005', `\`${rejectedId(entry)}\` is rejected, so there is nothing to ${action}${why}`, {
    hint: isPlaced ? `thuban validate ${entry.rejected.file}` : (first.hint ?? `stat ${entry.rejected.file}`),
    details: { id: rejectedId(entry), state: 'rejected', action, errors: entry.rejected.diagnostics },
  });
}
