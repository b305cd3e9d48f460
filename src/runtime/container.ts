import { Cleanup, ThubanError, messageOf } from '../base/index.ts';
import { acquireGroups, type AcquiredGroups, type KernelFs, type Leftover, type Notice } from '../cgroups/index.ts';
import type { LauncherClient, ProgramExit, SpawnRequest, Started } from '../launcher/index.ts';
import type { Exit, Oom } from './exit.ts';
import { decodeStatus, signalName, signalNumber } from './exit.ts';
import { OomTracker } from './oom-tracker.ts';
import { OutputReader, type OutputSink } from './output.ts';
import type { LaunchPlan } from './plan.ts';
import { explainStepFailure } from './step-failure.ts';

/** What a container needs of the board it runs on. */
export interface Board {
  fs: KernelFs;
  launcher: LauncherClient;
  /** An empty folder to mount roots on, each in a mount namespace of its own. */
  staging: string;
  nextId(): bigint;
  /** Tells the launcher which groups are about to be made, so that the lease covers them from the first moment on. */
  coverByLease(groups: readonly string[]): Promise<void>;
}

export interface ContainerHooks {
  output: OutputSink;
  /** The kernel killed something of this container. Called before the exit is known, or together with it. */
  onOom(oom: Oom): void;
}

const SIGKILL = 9;
/** When to look again after a notification of an OOM that the counter does not show yet. */
const OOM_PAUSES_MS = [1, 4, 16, 64, 256, 1024];
/** After the program's end all writers of its pipes are dead; more than this is only needed when nobody takes the output. */
const OUTPUT_GRACE_MS = 2000;
/** From the kill of the group to the kill of the init, which takes everything with it that the group did not hold. */
const KILL_GRACE_MS = 500;

/** One run of a container: from its groups to their removal. */
export class Container {
  readonly plan: LaunchPlan;
  readonly started: Started;
  /** Resolves when nothing of the run is left: processes, groups, mounts, pipes. */
  readonly ended: Promise<{ exit: Exit; leftovers: Leftover[] }>;
  readonly #board: Board;
  readonly #id: bigint;
  readonly #groups: AcquiredGroups;
  readonly #oom: OomTracker;
  readonly #hooks: ContainerHooks;
  readonly #exited: Promise<ProgramExit>;
  readonly #cleanup: Cleanup;
  readonly #readers: OutputReader[];
  readonly #startedAt = performance.now();
  #stopping: { for: string } | undefined;

  private constructor(parts: {
    plan: LaunchPlan;
    board: Board;
    id: bigint;
    groups: AcquiredGroups;
    oom: OomTracker;
    hooks: ContainerHooks;
    started: Started;
    exited: Promise<ProgramExit>;
    cleanup: Cleanup;
    readers: OutputReader[];
  }) {
    this.plan = parts.plan;
    this.started = parts.started;
    this.#board = parts.board;
    this.#id = parts.id;
    this.#groups = parts.groups;
    this.#oom = parts.oom;
    this.#hooks = parts.hooks;
    this.#exited = parts.exited;
    this.#cleanup = parts.cleanup;
    this.#readers = parts.readers;
    this.ended = this.#waitForEnd();
  }

  /** Makes the groups, starts the program in them. On any failure all of it is undone before the error is thrown. */
  static async start(plan: LaunchPlan, board: Board, hooks: ContainerHooks): Promise<Container> {
    const [problem] = plan.problems;
    if (problem !== undefined) throw problem;
    const paths = plan.cgroup.groups.map((group) => group.path);
    await board.coverByLease(paths);
    const groups = acquireGroups(board.fs, plan.cgroup);
    const oom = new OomTracker(groups, plan.cgroup, plan.kill_all_on_oom);
    const id = board.nextId();
    const cleanup = new Cleanup();
    const exited = deferred<ProgramExit>();
    let self: Container | undefined;
    let notified = false;
    const onOom = (): void => {
      notified = true;
      void self?.lookForOom();
    };
    const memory = groups.memory;
    try {
      const started = await board.launcher.spawn(
        {
          id,
          steps: plan.launch.steps,
          stdout: plan.launch.stdout,
          stderr: plan.launch.stderr,
          uid: plan.launch.uid,
          gid: plan.launch.gid,
          joins: joinsOf(groups),
          ...(memory?.version === 1 ? { oomGroup: memory.path } : {}),
          groups: paths,
          blob: Buffer.from(JSON.stringify({ id: plan.id, before: oom.before })),
          onOom,
          onExit: (exit) => {
            exited.resolve(exit);
          },
        },
        board.staging,
      );
      const watch = groups.watchOom(onOom);
      if (watch !== undefined)
        cleanup.defer('memory events', () => {
          watch.close();
        });
      const readers: OutputReader[] = [];
      for (const stream of ['stdout', 'stderr'] as const) {
        const pipe = started[stream];
        if (pipe !== undefined) readers.push(new OutputReader(board.launcher.pid, pipe, stream, hooks.output));
      }
      self = new Container({
        plan,
        board,
        id,
        groups,
        oom,
        hooks,
        started,
        exited: exited.promise,
        cleanup,
        readers,
      });
      if (notified) void self.lookForOom(); // it came before there was somebody to tell
      return self;
    } catch (error) {
      // A program that runs already (its output could not be opened, say) goes as well.
      if (await board.launcher.signal(id, SIGKILL)) await exited.promise;
      await cleanup.dispose();
      await board.launcher.release(id);
      await groups.remove();
      throw explainStepFailure(error, plan);
    }
  }

  /** Limits of the manifest that this kernel does not enforce, and that `best_effort` lets pass. */
  get degraded(): Notice[] {
    return this.#groups.degraded;
  }

  /** The groups of this run, for measurements. */
  get groups(): AcquiredGroups {
    return this.#groups;
  }

  /**
   * Asks the program to end, kills everything of the container after the plan's time-out, resolves when all is gone.
   * Calling it again does not lengthen the time-out.
   */
  async stop(reason = 'on request'): Promise<Exit> {
    if (this.#stopping === undefined) {
      this.#stopping = { for: reason };
      const signal = signalNumber(this.plan.stop.signal) ?? 15;
      await this.#board.launcher.signal(this.#id, signal);
      const ended = await this.#within(this.plan.stop.timeout * 1000);
      if (!ended) {
        this.#stopping.for = `${reason}, after the time-out of ${this.plan.stop.timeout} s`;
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
    return this.#board.launcher.signal(this.#id, signal);
  }

  /**
   * Announces what the kernel killed since the last look, and says whether there was anything. v1 has no oom.group: then the rest of the
   * container is killed here.
   */
  checkOom(): boolean {
    const news = this.#oom.news();
    if (news === undefined) return false;
    this.#hooks.onOom(news);
    if (this.plan.kill_all_on_oom && this.#groups.memory?.version === 1) this.#groups.killOnce();
    return true;
  }

  /** A notification is only a hint, and v1 sends it before it has chosen whom to kill: the counter may need a moment. */
  async lookForOom(): Promise<void> {
    for (const pause of OOM_PAUSES_MS) {
      if (this.checkOom() || (await this.#within(pause))) return;
    }
  }

  async #within(ms: number): Promise<boolean> {
    const timer = deferred<false>();
    const handle = setTimeout(() => {
      timer.resolve(false);
    }, ms);
    const ended = await Promise.race([this.#exited.then(() => true as const), timer.promise]);
    clearTimeout(handle);
    return ended;
  }

  /** The group first, so that the init can still say how the program ended; then the init, and with it the whole pid namespace. */
  async #killAll(): Promise<void> {
    this.#oom.weKill();
    const emptied = await this.#groups.kill({ timeout: KILL_GRACE_MS });
    if (emptied && this.#groups.joins.length > 0 && (await this.#within(KILL_GRACE_MS))) return;
    await this.#board.launcher.signal(this.#id, SIGKILL);
    await this.#exited;
  }

  async #waitForEnd(): Promise<{ exit: Exit; leftovers: Leftover[] }> {
    const ended = await this.#exited;
    this.checkOom(); // the counter is final once the program was reaped, and must be read before the groups go
    const exit = this.#exit(ended);
    await this.#groups.kill(); // what was put into the groups from outside of the pid namespace
    await Promise.all(
      this.#readers.map((reader) => reader.finish(OUTPUT_GRACE_MS, () => this.#stopping === undefined)),
    );
    await this.#cleanup.dispose();
    await this.#board.launcher.release(this.#id);
    const leftovers = await this.#groups.remove();
    return { exit, leftovers };
  }

  #exit(ended: ProgramExit): Exit {
    const duration = Math.round(performance.now() - this.#startedAt) / 1000;
    const base = { time: new Date(Number(ended.time / 1_000_000n)).toISOString(), duration };
    if (ended.status === null)
      return {
        ...base,
        reason: null,
        error: new ThubanError('TH3011', 'the launcher ended, and its containers with it').toJSON(),
      };
    const decoded = decodeStatus(ended.status);
    const how =
      'code' in decoded
        ? { code: decoded.code }
        : { signal: signalName(decoded.signal), ...(decoded.coreDumped ? { core_dumped: true } : {}) };
    const oomKilled = this.#oom.verdict(decoded, this.#stopping !== undefined);
    const oom = this.#oom.total();
    const withOom = { ...base, ...how, ...(oom === undefined ? {} : { oom }) };
    if (oomKilled === true) return { ...withOom, reason: 'oom_killed' };
    if (this.#stopping !== undefined) return { ...withOom, reason: 'stopped', stopped_for: this.#stopping.for };
    if (oomKilled === null) return { ...withOom, reason: null };
    return { ...withOom, reason: 'code' in decoded ? 'exited' : 'signalled' };
  }
}

function joinsOf(groups: AcquiredGroups): SpawnRequest['joins'] {
  const unified = groups.joins.find((join) => join.version === 2)?.path;
  const tasks = groups.joins.filter((join) => join.version === 1).map((join) => join.path);
  return unified === undefined ? { tasks } : { unified, tasks };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}

export function describeFailure(error: unknown): Record<string, unknown> {
  if (error instanceof ThubanError) return error.toJSON();
  return new ThubanError('TH9001', `a bug in Thuban: ${messageOf(error)}`, { cause: error }).toJSON();
}
