import { ThubanError } from '../../src/base/index.ts';
import type {
  AllStatsQuery,
  Applied,
  ContainerDetail,
  ContainerStats,
  ContainerSummary,
  Control,
  DaemonVersion,
  EventQuery,
  EventRecord,
  ExecHandle,
  ExecRequest,
  Exit,
  InstallOptions,
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
} from '../../src/runtime/index.ts';
import { fakeApplied, fakeRepositories, fakeUpdated, fakeVersion } from './fake-board.ts';
import { begin, end, fakeContainers, matches, summaryOf, wrongState } from './fake-containers.ts';
import { FakeExec } from './fake-exec.ts';
import { pauseIn, resumeIn } from './fake-pausing.ts';
import { Waiting } from '../../src/runtime/waiting.ts';
import { fakeStats, samples } from './fake-stats.ts';

const BATCH = 100;
const EPOCH = '0f3a';

/**
 * A supervisor without containers behind it: answers from plain data that a test may change, notes what it was asked, and refuses as the
 * real one does (unknown names, wrong states).
 */
export class FakeControl implements Control {
  /** Details; a listing shows the keys of a summary. */
  containers: ContainerDetail[] = fakeContainers();
  /** What was asked, in order. */
  readonly calls: { action: string; name?: string; options?: object }[] = [];
  /** Thrown by the next action instead of doing it. */
  refusal: Error | undefined;
  /** Bytes of packages that were taken, and what each chunk waits for; it is told how many came so far. */
  received = 0;
  taking: (size: number) => Promise<void> = () => Promise.resolve();
  /** What `update` answers. */
  updated = fakeUpdated();
  /** Programs that were started in containers. */
  readonly programs: FakeExec[] = [];
  pulled = 0;
  /** How many samples a stream of stats has when it is followed. */
  samples = 2;
  /** Streams that have been asked for and have not ended. */
  streams = 0;
  /** What `apply` answers, and what `repositories` does. */
  applied: Applied = fakeApplied();
  folders: RepositorySummary[] = fakeRepositories();
  readonly #events: EventRecord[] = [];
  readonly #logs = new Map<string, LogRecord[]>();
  readonly #waiting = new Waiting();
  #nextPid = 5000;

  list(options: { usage?: boolean } = {}): ContainerSummary[] {
    this.#note('list', undefined, options);
    return this.containers.map(({ usage, ...detail }) => ({
      ...summaryOf(detail),
      ...(options.usage === true && usage !== undefined ? { usage } : {}),
    }));
  }

  inspect(name: string): ContainerDetail {
    this.#note('inspect', name);
    return this.#find(name);
  }

  async start(name: string, overrides: StartOverrides = {}): Promise<{ id: string; pid: number }> {
    const container = this.#inState(['stopped', 'failed', 'backoff'], 'start', name, overrides);
    await Promise.resolve();
    return this.#run(container);
  }

  async stop(name: string, options: { timeout?: number } = {}): Promise<{ id: string; exit: Exit | null }> {
    const container = this.#inState(['running', 'backoff'], 'stop', name, options);
    await Promise.resolve();
    return { id: container.id, exit: this.#end(container, 'SIGTERM') };
  }

  async restart(name: string, options: { timeout?: number } = {}): Promise<{ id: string; pid: number }> {
    const container = this.#inState(['running', 'backoff', 'stopped', 'failed'], 'restart', name, options);
    await Promise.resolve();
    if (container.state === 'running') this.#end(container, 'SIGTERM');
    return this.#run(container);
  }

  async kill(name: string, options: { signal?: string } = {}): Promise<{ id: string }> {
    const container = this.#running('kill', name, options);
    await Promise.resolve();
    if ((options.signal ?? 'SIGKILL') === 'SIGKILL') this.#end(container, 'SIGKILL');
    return { id: container.id };
  }

  async pause(name: string): Promise<{ id: string } & PauseResult> {
    await Promise.resolve();
    return pauseIn(this.#running('pause', name));
  }

  async exec(name: string, request: ExecRequest): Promise<ExecHandle> {
    await Promise.resolve();
    const program = new FakeExec(this.#running('exec', name).id, request);
    this.programs.push(program);
    return program;
  }

  async resume(name: string): Promise<{ id: string } & ResumeResult> {
    await Promise.resolve();
    return resumeIn(this.#running('resume', name));
  }

  async update(name: string, cgroups: Record<string, unknown>, options: UpdateOptions = {}): Promise<Updated> {
    const container = this.#running('update', name, { cgroups, ...options });
    await Promise.resolve();
    return { id: container.id, ...this.updated, ...(options.dry_run === true ? {} : { duration: 0.003 }) };
  }

  logs(name: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord[]> {
    this.#note('logs', name, query);
    const all = this.#linesOf(this.#find(name).id);
    const { since, tail } = query;
    const from = Math.max(
      since === undefined ? 0 : all.filter((line) => Date.parse(line.time) < Date.parse(since)).length,
      tail === undefined ? 0 : all.length - tail,
    );
    return this.#read(all, from, () => true, query.follow === true, signal);
  }

  events(query: EventQuery, signal: AbortSignal): AsyncGenerator<EventRecord[]> {
    this.#note('events', undefined, query);
    const { types, containers } = query;
    const after = query.epoch === undefined || query.epoch === EPOCH ? (query.since ?? 0) : 0;
    const wanted = (event: EventRecord): boolean =>
      event.seq > after &&
      (types?.includes(event.type) ?? true) &&
      (containers?.some((pattern) => matches(pattern, event.container ?? '')) ?? true);
    return this.#read(this.#events, 0, wanted, query.follow === true, signal);
  }

  stats(name: string, query: StatsQuery, signal: AbortSignal): AsyncGenerator<ContainerStats[]> {
    const container = this.#running('stats', name, query);
    return samples(this, query, signal, (turn) => fakeStats(container, turn));
  }

  allStats(query: AllStatsQuery, signal: AbortSignal): AsyncGenerator<StatsSample[]> {
    this.#note('allStats', undefined, query);
    const isMeant = ({ state, id }: ContainerDetail): boolean =>
      state === 'running' && (query.containers?.some((one) => matches(one, id)) ?? true);
    return samples(this, query, signal, (turn) => ({
      time: new Date().toISOString(),
      containers: this.containers.filter(isMeant).map((one) => fakeStats(one, turn)),
    }));
  }

  version(): DaemonVersion {
    this.#note('version');
    return fakeVersion(this.containers.length);
  }

  async apply(options: { dry_run?: boolean } = {}): Promise<Applied> {
    this.#note('apply', undefined, options);
    await Promise.resolve();
    return this.applied;
  }

  repositories(): RepositorySummary[] {
    this.#note('repositories');
    return this.folders;
  }

  /** Takes whatever comes, as fast as `taking` says for each chunk; `received` counts it. */
  async install(
    repository: string,
    source: AsyncIterable<Uint8Array>,
    options: InstallOptions = {},
  ): Promise<Installed> {
    this.#note('install', repository, options);
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      this.received += chunk.length;
      await this.taking(size);
    }
    const file = '/var/lib/thuban/repository/camera-2.1.0.tar';
    this.emit('installed', 'camera:2.1.0', { repository, file, size });
    return { id: 'camera:2.1.0', repository, file, size, started: true, warnings: [] };
  }

  async uninstall(repository: string, name: string, options: { wipe?: boolean } = {}): Promise<Uninstalled> {
    this.#note('uninstall', name, { repository, ...options });
    const container = this.#find(name);
    await Promise.resolve();
    this.containers = this.containers.filter((one) => one !== container);
    return { id: container.id, repository, file: container.file };
  }

  shutdown(options: { keep?: boolean } = {}): void {
    this.#note('shutdown', undefined, options);
    this.emit('shutdown', undefined, options);
  }

  /** Something happened; followers are told. */
  emit(type: string, container?: string, more: Record<string, unknown> = {}): EventRecord {
    const seq = (this.#events.at(-1)?.seq ?? 0) + 1;
    const event = { epoch: EPOCH, seq, time: new Date().toISOString(), type, ...(container && { container }), ...more };
    this.#events.push(event);
    this.#wake();
    return event;
  }

  /** A container wrote a line; followers are told. */
  write(id: string, line: string, stream: LogRecord['stream'] = 'stdout', time = new Date().toISOString()): void {
    this.#linesOf(id).push({ time, stream, line });
    this.#wake();
  }

  #wake(): void {
    this.#waiting.wake();
  }

  #note(action: string, name?: string, options?: object): void {
    this.calls.push({ action, ...(name === undefined ? {} : { name }), ...(options === undefined ? {} : { options }) });
    const refusal = this.refusal;
    this.refusal = undefined;
    if (refusal !== undefined) throw refusal;
  }

  #running(action: string, name: string, options?: object): ContainerDetail {
    return this.#inState(['running'], action, name, options);
  }

  #inState(states: string[], action: string, name: string, options?: object): ContainerDetail {
    this.#note(action, name, options);
    const container = this.#find(name);
    if (!states.includes(container.state)) throw wrongState(container, action, states);
    return container;
  }

  #find(name: string): ContainerDetail {
    const found = this.containers.find((container) => container.id === name || container.name === name);
    if (found === undefined) throw new ThubanError('TH6003', `no container \`${name}\``, { hint: 'thuban ps' });
    return found;
  }

  #linesOf(id: string): LogRecord[] {
    const lines = this.#logs.get(id) ?? [];
    this.#logs.set(id, lines);
    return lines;
  }

  #run(container: ContainerDetail): { id: string; pid: number } {
    const pid = this.#nextPid++;
    begin(container, pid);
    this.emit('started', container.id, { pid });
    return { id: container.id, pid };
  }

  #end(container: ContainerDetail, signal: string): Exit {
    const exit = end(container, signal);
    this.emit('exited', container.id, { exit });
    return exit;
  }

  async *#read<T>(
    all: T[],
    from: number,
    wanted: (record: T) => boolean,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<T[]> {
    this.streams++;
    try {
      for (let at = from; !signal.aborted;) {
        if (at < all.length) {
          this.pulled++;
          const batch = all.slice(at, at + BATCH);
          at += batch.length;
          yield batch.filter(wanted);
        } else if (follow) await this.#waiting.wait(signal);
        else return;
      }
    } finally {
      this.streams--;
    }
  }
}
