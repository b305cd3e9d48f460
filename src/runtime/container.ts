import type { Cleanup } from '../base/index.ts';
import { ThubanError, failpoint, messageOf } from '../base/index.ts';
import type { AcquiredGroups, GroupStats, KernelFs, Leftover, Notice } from '../cgroups/index.ts';
import type { LauncherClient, ProgramExit, Started } from '../launcher/index.ts';
import type { BoardGroups } from './board-groups.ts';
import type { Consoles } from './consoles.ts';
import { deferred } from './deferred.ts';
import type { Exit, Oom } from './exit.ts';
import { signalNumber } from './exit.ts';
import { exitOf, type Stopping } from './exit-of.ts';
import type { FactsCache } from './facts-cache.ts';
import { OomLookout } from './oom-lookout.ts';
import type { OomTracker } from './oom-tracker.ts';
import type { OutputReader, OutputSink } from './output.ts';
import { Pausing, type PausingParts } from './pausing.ts';
import type { HeldRun, Leftovers } from './leftovers.ts';
import type { LaunchPlan } from './plan.ts';
import type { PressureNews } from './pressure-watch.ts';
import { RefusedLimits } from './refused-limits.ts';
import { RunCounters } from './run-counters.ts';
import type { RunRecord } from './run-record.ts';
import { GIVE_UP_MS, within } from './within.ts';

/** What a container needs of the board it runs on. */
export interface Board {
  fs: KernelFs;
  /** The present launcher; a daemon starts another one when it is lost. */
  launcher: LauncherClient;
  facts: FactsCache;
  /** What stands above the groups, and who removes it. */
  shared: BoardGroups;
  /** What earlier runs left, and is tried again. */
  leftovers: Leftovers;
  /** Absent: there is nobody to answer containers. */
  consoles?: Consoles;
  /** An empty folder to mount roots on, each in a mount namespace of its own. */
  staging: string;
  nextId(): bigint;
  /**
   * Tells the launcher which groups are about to be made, so that the lease covers them from the first moment on, and with how many above
   * them that the manifest names. `shared.end` when they are made, or will not be.
   */
  coverByLease(groups: readonly string[], levels?: number): Promise<void>;
  /** Resolves when there is a launcher again. Absent: with the launcher all is over. */
  recovered?(): Promise<void>;
}

export interface ContainerHooks {
  output: OutputSink;
  /** The kernel killed something of this container. Called before the exit is known, or together with it. */
  onOom(oom: Oom): void;
  /** The container waits for memory, as its manifest wants to be told. */
  onPressure?(news: PressureNews): void;
  /** The exit is known and the output taken. Called before the launcher forgets the run, so that the exit can be noted for a next daemon. */
  onExit?(exit: Exit): void;
  onPause?: PausingParts['onEvent'];
  /** RFC 3339: an earlier daemon paused this run then. */
  pausedSince?: string | undefined;
  /** An adopted run's output cannot be taken any more. */
  onOutputLost?(error: unknown): void;
}

const SIGKILL = 9;
/** After the program's end all writers of its pipes are dead; more than this is only needed when nobody takes the output. */
const OUTPUT_GRACE_MS = 2000;
/** From the kill of the group to the kill of the init, which takes everything with it that the group did not hold. */
const KILL_GRACE_MS = 500;

export interface ContainerParts {
  fs: KernelFs;
  record: RunRecord;
  /** Absent for a run that was adopted. */
  plan?: LaunchPlan;
  launcher: LauncherClient;
  id: bigint;
  groups: AcquiredGroups;
  oom: OomTracker;
  hooks: ContainerHooks;
  started: Started;
  exited: Promise<ProgramExit>;
  cleanup: Cleanup;
  readers: OutputReader[];
}

/** `held`: the launcher still has it, because something of it could not be killed. */
export interface Ended {
  exit: Exit;
  leftovers: Leftover[];
  held?: HeldRun;
}

/** One run of a container that has started: until nothing of it is left. */
export class Container {
  readonly plan: LaunchPlan | undefined;
  readonly started: Started;
  readonly refusal = new RefusedLimits();
  /** Resolves when nothing of the run is left: processes, groups, mounts, pipes. */
  readonly ended: Promise<Ended>;
  readonly pausing: Pausing;
  readonly counters: RunCounters;
  readonly #launcher: LauncherClient;
  readonly #id: bigint;
  readonly #groups: AcquiredGroups;
  readonly #oom: OomTracker;
  readonly #hooks: ContainerHooks;
  readonly #exited: Promise<ProgramExit>;
  readonly #cleanup: Cleanup;
  readonly #readers: OutputReader[];
  readonly #lookout = new OomLookout(
    () => this.checkOom(),
    (ms) => this.#within(ms),
  );
  readonly #givenUp = deferred<ProgramExit | undefined>();
  #stopping: Stopping | undefined;
  #hasExited = false;
  #record: RunRecord;
  /** How its program ended, while its init has not. */
  #lingers: ProgramExit | undefined;

  constructor(parts: ContainerParts) {
    this.#record = parts.record;
    this.plan = parts.plan;
    this.started = parts.started;
    this.#launcher = parts.launcher;
    this.#id = parts.id;
    this.#groups = parts.groups;
    this.counters = new RunCounters(parts.groups);
    this.#oom = parts.oom;
    this.#hooks = parts.hooks;
    this.#exited = parts.exited;
    this.#cleanup = parts.cleanup;
    this.#readers = parts.readers;
    const { container: id } = parts.record;
    const { onPause: onEvent = () => undefined, pausedSince: since } = parts.hooks;
    this.pausing = new Pausing({ id, fs: parts.fs, groups: parts.groups, since, onEvent });
    this.ended = this.#waitForEnd();
    void parts.exited.then(() => {
      this.#hasExited = true;
    });
  }

  get record(): RunRecord {
    return this.#record;
  }

  /** Its number at the launcher. */
  get run(): bigint {
    return this.#id;
  }

  get launcher(): LauncherClient {
    return this.#launcher;
  }

  /** Somebody ends it, or it has ended. */
  get isEnding(): boolean {
    return this.#stopping !== undefined || this.#hasExited;
  }

  /** Nothing about its groups can be changed any more. */
  get hasEnded(): boolean {
    return this.counters.isFinal;
  }

  /** What a next daemon has to know of it has changed. */
  async note(record: RunRecord): Promise<void> {
    await this.#launcher.setBlob(this.#id, Buffer.from(JSON.stringify(record)));
    this.#record = record;
    this.#groups.degraded = record.degraded;
    this.#oom.relimit({ limit: record.memory_limit, together: record.kill_all_on_oom });
  }

  /** Limits of the manifest that this kernel does not enforce, and that `best_effort` lets pass. */
  get degraded(): Notice[] {
    return this.#groups.degraded;
  }

  /** Out-of-memory kills of this run that were told. */
  get oomAnnounced(): number {
    return this.#oom.announced;
  }

  /** The groups of this run, for measurements. */
  get groups(): AcquiredGroups {
    return this.#groups;
  }

  /** All that the kernel counts for it now; `gone` after its groups were removed. */
  stats(): GroupStats | 'gone' {
    return this.#groups.stats();
  }

  /**
   * Asks the program to end, kills everything of the container after the time-out in seconds, resolves when all is gone.
   * Calling it again does not lengthen the time-out.
   */
  async stop(reason = 'on request', timeout = this.record.stop.timeout): Promise<Exit> {
    if (this.#stopping === undefined) {
      this.#stopping = { for: reason };
      const signal = signalNumber(this.record.stop.signal) ?? 15;
      await this.#launcher.signal(this.#id, signal);
      failpoint('stop.signalled');
      await this.pausing.release(); // what is frozen meets its signal first of all
      const ended = await this.#within(timeout * 1000);
      if (!ended) {
        this.#stopping = { for: `${reason}, after the time-out of ${timeout} s`, killedAfter: timeout };
        await this.#killAll();
      }
    }
    return (await this.ended).exit;
  }

  /** Kills everything of the container at once. */
  async kill(reason = 'on request'): Promise<Exit> {
    this.#stopping ??= { for: reason };
    await this.#killAll();
    return (await this.ended).exit;
  }

  /** Sends one signal to the program. False: it has ended. SIGKILL and SIGSTOP cannot be passed on by an init. */
  signal(signal: number): Promise<boolean> {
    return this.#launcher.signal(this.#id, signal);
  }

  /**
   * Announces what the kernel killed since the last look, and says whether there was anything. v1 has no oom.group: then the rest of the
   * container is killed here.
   */
  checkOom(): boolean {
    const news = this.#oom.news();
    if (news === undefined) return false;
    this.#hooks.onOom(news);
    // Whoever follows the events hears of it first: to freeze for the kill takes the kernel some ten milliseconds.
    if (this.record.kill_all_on_oom && this.#groups.memory?.version === 1)
      setImmediate(() => {
        this.#groups.killOnce();
      });
    return true;
  }

  /** A notification is only a hint. */
  async lookForOom(): Promise<void> {
    this.#oom.notified();
    await this.#lookout.notified();
  }

  #within(ms: number): Promise<boolean> {
    return within(ms, this.#exited);
  }

  /** The group first, so that the init can still say how the program ended; then the init, and with it the whole pid namespace. */
  async #killAll(): Promise<void> {
    this.#oom.weKill();
    await this.pausing.close(); // a round of its freezer would undo the kill's thaw
    const emptied = await this.#groups.kill({ timeout: KILL_GRACE_MS });
    if (emptied && this.#groups.joins.length > 0 && (await this.#within(KILL_GRACE_MS))) return;
    await this.#launcher.signal(this.#id, SIGKILL);
    if (!(await this.#within(GIVE_UP_MS))) this.#givenUp.resolve(this.#lingers);
  }

  /** To be told that its program has ended, and its init cannot: what keeps that is killed, or given up. */
  async linger(exit: ProgramExit): Promise<void> {
    this.#lingers = exit;
    await this.#groups.kill({ timeout: KILL_GRACE_MS });
    if (!(await this.#within(GIVE_UP_MS))) this.#givenUp.resolve(exit);
  }

  async #waitForEnd(): Promise<Ended> {
    const { ended, isHeld } = await Promise.race([
      this.#exited.then((exit) => ({ ended: exit, isHeld: false })),
      this.#givenUp.promise.then((exit) => ({ ended: exit, isHeld: true })),
    ]);
    failpoint('exit.reported');
    this.#oom.close(); // the counter is final once the program was reaped, and must be read before the groups go
    this.checkOom();
    const exit = exitOf({ ended, isHeld, startedMono: this.started.mono, stopping: this.#stopping, oom: this.#oom });
    this.counters.close();
    await Promise.all(
      this.#readers.map((reader) => reader.finish(OUTPUT_GRACE_MS, () => this.#stopping === undefined)),
    );
    await this.#cleanup.dispose();
    failpoint('exit.output');
    this.#hooks.onExit?.(exit);
    failpoint('exit.saved');
    const released = isHeld ? undefined : this.#launcher.release(this.#id);
    failpoint('exit.released');
    // What was put into the groups from outside of the pid namespace is killed; of what is held that was tried before.
    const [leftovers] = await Promise.all([this.#groups.remove(undefined, { kill: !isHeld }), released]);
    failpoint('exit.removed');
    if (!isHeld) return { exit, leftovers };
    const release = (): Promise<void> => this.#launcher.release(this.#id);
    return { exit, leftovers, held: { run: String(this.#id), exited: this.#exited, release } };
  }
}

export function describeFailure(error: unknown): Record<string, unknown> {
  if (error instanceof ThubanError) return error.toJSON();
  return new ThubanError('TH9001', `a bug in Thuban: ${messageOf(error)}`, { cause: error }).toJSON();
}
