import type { Diagnostic } from '../base/index.ts';
import type { Layout, MemoryEvents } from '../cgroups/index.ts';
import type { CgroupsSection, Manifest, Restart } from '../manifest/index.ts';
import type { AllStatsQuery, ContainerStats, StatsQuery, StatsSample } from './container-stats.ts';
import type { Condition } from './events.ts';
import type { ExecHandle } from './execution.ts';
import type { Exit } from './exit.ts';
import type { LogRecord } from './log-format.ts';
import type { PauseResult, ResumeResult } from './pausing.ts';
import type { ExecRequest } from './plan-exec.ts';
import type { ProgramOverrides } from './plan-program.ts';
import type { Difference } from './reconcile/index.ts';
import type { State } from './states.ts';
import type { UpdateOptions, Updated } from './updated.ts';

/**
 * What a console may ask of the supervisor. Everything it answers is plain data in the form of the JSON contracts: snake_case, times
 * RFC 3339 UTC, sizes in bytes, durations in seconds; null is unknown, absent is not applicable. Refusals are ThubanErrors.
 */
export interface Control {
  /** By name, then newest version first; manifests that were rejected stand among them, always. */
  list(options?: { usage?: boolean }): ContainerSummary[];
  /** `name` is `name` (the only or newest version) or `name:version`. TH6003 when there is none. */
  inspect(name: string): ContainerDetail;
  /** Resolves when the program was executed. TH6005 when it runs already, has no program, and for a rejected manifest. */
  start(name: string, overrides?: StartOverrides): Promise<{ id: string; pid: number }>;
  /** Resolves when all of it is gone. `timeout` in seconds replaces the manifest's. TH6005 when it does not run. */
  stop(name: string, options?: { timeout?: number }): Promise<{ id: string; exit: Exit | null }>;
  restart(name: string, options?: { timeout?: number }): Promise<{ id: string; pid: number }>;
  /** Sends one signal, by name (`SIGHUP`); SIGKILL kills everything of the container. */
  kill(name: string, options?: { signal?: string }): Promise<{ id: string }>;
  /** Resolves when every process of it is held; success also when it is paused already. TH6005 when it does not run, TH2009 when not all come to rest. */
  pause(name: string): Promise<{ id: string } & PauseResult>;
  resume(name: string): Promise<{ id: string } & ResumeResult>;
  /**
   * Starts a further program in it, which ends with it. Resolves when that has been executed. TH6005 when the container does not run, or is paused;
   * TH3001 and TH3003 when there is no such program.
   */
  exec(name: string, request: ExecRequest): Promise<ExecHandle>;
  /**
   * Other limits for what runs, without a restart: all of them or none. `cgroups` is a section as manifests have it, and takes the place of the one
   * in force as a whole. TH6005 when it does not run, or they take a new start; TH2005 below what is in use; TH2004 when the kernel refuses.
   */
  update(name: string, cgroups: Record<string, unknown>, options?: UpdateOptions): Promise<Updated>;
  /**
   * Batches of log lines, oldest first. It ends with the last line that is there; with `follow` only when the signal aborts or the container is
   * taken out of the repository. A reader that is too slow meets a record that says how much it missed.
   */
  logs(name: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord[]>;
  /** What the kernel counts for a container; with `follow` again at every interval. TH6005 when it does not run. */
  stats(name: string, query: StatsQuery, signal: AbortSignal): AsyncGenerator<ContainerStats[]>;
  /** The same of all that run, one record for each sample. */
  allStats(query: AllStatsQuery, signal: AbortSignal): AsyncGenerator<StatsSample[]>;
  /** Batches of events, oldest first, from a bounded history. */
  events(query: EventQuery, signal: AbortSignal): AsyncGenerator<EventRecord[]>;
  version(): DaemonVersion;
  /**
   * Looks at the repositories now and brings the board to what they want. Resolves when all of it is done; with `dry_run` nothing is done, and it
   * resolves with what would be.
   */
  apply(options?: { dry_run?: boolean }): Promise<Applied>;
  /** In the order of the configuration. */
  repositories(): RepositorySummary[];
  /**
   * Takes a package that arrives as a stream into a repository. Resolves when its container is listed, and started if it starts by itself. It
   * is refused as early as it can be, and nothing of it is left then. `source` is read only as fast as the disk takes it; when it throws,
   * that is thrown here.
   */
  install(repository: string, source: AsyncIterable<Uint8Array>, options?: InstallOptions): Promise<Installed>;
  /**
   * Removes a package, and its container with its logs. `name` is that of a container, or of the file of a rejected package. TH5006 while it runs,
   * or a container that runs uses its files. `wipe`: what the container keeps goes as well, unless another version of it is installed.
   */
  uninstall(repository: string, name: string, options?: { wipe?: boolean }): Promise<Uninstalled>;
  /** Begins the end of the daemon. `keep`: containers stay with the launcher, and the next daemon adopts them. */
  shutdown(options?: { keep?: boolean }): void;
}

export type StartOverrides = Pick<ProgramOverrides, 'args' | 'env' | 'init'>;

export interface LogQuery {
  follow?: boolean;
  /** Only the last so many lines of what is there. */
  tail?: number;
  /** RFC 3339. */
  since?: string;
}

export interface EventQuery {
  follow?: boolean;
  /** Only events after this number. */
  since?: number;
  /** The epoch that `since` belongs to; another one means that the daemon was started anew, and all of the history follows a gap. */
  epoch?: string;
  types?: string[];
  /** Ids, names or patterns with `*`. */
  containers?: string[];
}

/** An event as the console tells it. `gap`: events from `from` to `to` are not in the history any more. */
export type EventRecord = {
  epoch: string;
  seq: number;
  time: string;
  type: string;
  container?: string;
} & Record<string, unknown>;

export interface Usage {
  /** Microseconds of processor time since the start of this run. */
  cpu_us: number | null;
  /** CPU quota in percent of one CPU; absent without one. */
  cpu_quota_percent?: number;
  /** Working set: use without inactive page cache, in bytes. */
  memory: number | null;
  /** Absent without a limit. */
  memory_limit?: number;
  pids: number | null;
}

export interface ContainerSummary {
  /** `name:version`, or the file's name for a rejected manifest. */
  id: string;
  name: string;
  /** Absent where a rejected manifest does not tell. */
  version?: string;
  state: State | 'rejected';
  /** When it came to this state. */
  since: string;
  conditions: Condition[];
  /** While it runs. */
  pid?: number;
  started_at?: string;
  restarts: number;
  oom_kills: number;
  last_exit?: Exit;
  /** In `backoff`: when it will be started again. */
  next_start?: string;
  /** With a schedule: when the clock starts it next. Absent while it waits for the clock to be set, and when there is no such time. */
  next_run?: string;
  /** `process.privileged` of the manifest, named in every listing. */
  privileged?: true;
  /** It has no program: its files are there for others to mount. */
  resource?: true;
  autostart?: 'relaxed' | 'critical';
  /** The manifest's file. */
  file: string;
  /** Of a rejected manifest. */
  errors?: Diagnostic[];
  /** Only when asked for, and while it runs. */
  usage?: Usage;
}

export interface ContainerDetail extends ContainerSummary {
  /** Why it is in this state, when there is more to say than the state. */
  message?: string;
  /** When the manifest was read, and the SHA-256 of its text. */
  loaded_at: string;
  digest?: string;
  /** The id of the trusted key that signed it. */
  signer?: string;
  /** The file has another text by now than what runs. */
  outdated?: true;
  manifest?: Manifest;
  /** Limits that `update` has put in the place of those of the manifest, and what differs, from the manifest. */
  limits?: { cgroups: CgroupsSection; changed: Difference[] };
  /** Where keys of the manifest stand in its file, by key path. */
  lines?: Record<string, number>;
  repository: string;
  /** As of the last start: the program and its arguments. */
  command?: string[];
  restart?: Restart;
  /** Of one without a program: ids of the containers that mount its files. */
  mounted_by?: string[];
  /** Restarts since the history was last forgotten. */
  restart_history?: number;
  /** With a schedule: when its last run began, also that of an earlier daemon. */
  last_run?: string;
  groups?: { controllers: string[]; version: 1 | 2; path: string; removed?: true }[];
  mounts?: { target: string; type: string; source?: string; options?: string }[];
  /** `path` is there while it runs. */
  sockets?: { name: string; type: string; path: string }[];
  /** Of the run, or of the last one when it has ended. */
  memory?: { usage: number | null; limit: number | null; peak: number | null; events?: MemoryEvents };
  cpu?: { usage_us: number; nr_periods: number | null; nr_throttled: number | null };
  /** The newest events of this container, newest first. */
  history: EventRecord[];
}

/** What one container becomes. */
export interface Change {
  id: string;
  /**
   * `update`: another text that needs no restart, or of a container that rests. `live`: limits of what runs are changed. `replace`: what runs is
   * stopped, and the new one started.
   */
  action: 'add' | 'start' | 'update' | 'live' | 'replace' | 'remove';
  /** A program that runs is stopped for it and started again. */
  restart: boolean;
  /** A program is started that did not run before. */
  start: boolean;
  /** A program that runs is stopped for good. */
  stop: boolean;
  /** The other version of the same file whose place it takes. */
  replaces?: string;
  /** Keys whose values differ; none when only the text does. */
  changed: Difference[];
  file: string;
  /** Absent when nothing was done. `duration` in seconds. */
  result?: { ok: boolean; duration: number; error?: Record<string, unknown> };
}

export interface InstallOptions {
  /** Bytes that `source` will give, when that is known before. */
  size?: number;
}

export interface Installed {
  id: string;
  repository: string;
  /** Absolute. */
  file: string;
  /** Bytes of the package. */
  size: number;
  /** The id of the key that signed it, when the repository trusts it. */
  signer?: string;
  /** It was started, as its manifest wants. */
  started: boolean;
  /** It was to be started, and could not: the body of an error. */
  start_error?: Record<string, unknown>;
  /** Of its manifest. */
  warnings: Diagnostic[];
}

export interface Uninstalled {
  /** As in the list before: a container, or the name of a file that was rejected. */
  id: string;
  repository: string;
  file: string;
}

export interface RejectedReport {
  /** Absolute; of a repository that cannot be used its folder. */
  file: string;
  errors: Diagnostic[];
}

export interface Applied {
  changes: Change[];
  /** `keeps`: ids of containers that go on as they are because of it. */
  rejected: (RejectedReport & { repository: string; keeps: string[] })[];
  /** Files that are being written; they are read when they hold still. */
  unsettled: string[];
  /**
   * Ids of containers that are to start by themselves and have failed, and of which no change is told: they wait for another manifest or for a
   * person. Absent: none.
   */
  failed?: string[];
}

export interface RepositorySummary {
  id: string;
  dir: string;
  /** Those that the daemon has of it, and how many of them run. */
  containers: number;
  running: number;
  rejected: RejectedReport[];
  /** Why it is not used at all: the body of an error. */
  problem?: Record<string, unknown>;
  /** The kernel tells of changes in it; otherwise they are seen at the next rescan. */
  watched: boolean;
  /** When it was looked at last. */
  looked_at: string;
}

/** Who asks on a console, as that console knows it. */
export interface Identity {
  /** The run of a container whose console it is. Absent, as are the next two: a socket of the daemon. */
  id?: string;
  name?: string;
  version?: string;
  permissions: 'full' | string[];
}

export interface DaemonVersion {
  version: string;
  pid: number;
  started_at: string;
  node: string;
  kernel: string;
  arch: string;
  cgroups: Layout;
  api: 'v1';
  launcher: { pid: number; version: string };
  run_dir: string;
  repositories: string[];
  containers: number;
}
