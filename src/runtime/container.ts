import { Cleanup, ThubanError, messageOf } from '../base/index.ts';
import {
  acquireGroups,
  classifyOom,
  type AcquiredGroups,
  type KernelFs,
  type Leftover,
  type Notice,
  type OomCounters,
} from '../cgroups/index.ts';
import type { LauncherClient, ProgramExit, SpawnRequest, Started } from '../launcher/index.ts';
import type { OomCause, Exit } from './exit.ts';
import { decodeStatus, signalName, signalNumber } from './exit.ts';
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
  /** Tells the launcher which groups a container is in, so that the lease covers what is shared by all containers as well. */
  coverByLease(groups: readonly string[]): Promise<void>;
}

export interface ContainerHooks {
  output: OutputSink;
  /** The kernel killed something of this container. Called before the exit is known, or together with it. */
  onOom(oom: { cause: OomCause; kills: number; limit?: number }): void;
}

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
  readonly #before: OomCounters | null;
  readonly #hooks: ContainerHooks;
  readonly #exited: Promise<ProgramExit>;
  readonly #cleanup: Cleanup;
  readonly #readers: OutputReader[];
  readonly #startedAt = performance.now();
  #announcedKills = 0;
  #stopping: { for: string } | undefined;
  /** Taken when we begin to kill: what the kernel killed before that is not why the program ended. */
  #beforeKill: OomCounters | null | undefined;

  private constructor(parts: {
    plan: LaunchPlan;
    board: Board;
    id: bigint;
    groups: AcquiredGroups;
    before: OomCounters | null;
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
    this.#before = parts.before;
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
    const groups = acquireGroups(board.fs, plan.cgroup);
    const before = groups.oomCounters();
    const id = board.nextId();
    const cleanup = new Cleanup();
    const exited = deferred<ProgramExit>();
    let self: Container | undefined;
    const onOom = (): void => self?.checkOom();
    const memory = groups.memory;
    try {
      const paths = groups.groups.map((group) => group.path);
      await board.coverByLease(paths);
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
          blob: Buffer.from(JSON.stringify({ id: plan.id, before })),
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
        before,
        hooks,
        started,
        exited: exited.promise,
        cleanup,
        readers,
      });
      return self;
    } catch (error) {
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

  /** Reads the kernel's counters and announces what is new. v1 has no oom.group: then the rest of the container is killed here. */
  checkOom(): void {
    const kills = this.#kills();
    if (kills === null || kills.kills <= this.#announcedKills) return;
    this.#announcedKills = kills.kills;
    this.#hooks.onOom(kills);
    if (this.plan.kill_all_on_oom && this.#groups.memory?.version === 1) this.#groups.killOnce();
  }

  #kills(): { cause: OomCause; kills: number; limit?: number } | null {
    const memory = this.#groups.memory;
    const after = memory === undefined ? null : this.#groups.oomCounters();
    const found = classifyOom({ version: memory?.version ?? 1, before: this.#before, after, exit: { signal: 9 } });
    if (found.kills === null || found.kills === 0) return found.kills === 0 ? { cause: 'unknown', kills: 0 } : null;
    const limit = this.#limit();
    return { cause: found.cause ?? 'unknown', kills: found.kills, ...(limit === undefined ? {} : { limit }) };
  }

  #limit(): number | undefined {
    const files = ['memory.limit_in_bytes', 'memory.max'];
    const write = this.plan.cgroup.writes.find(
      (w) => w.file !== undefined && files.includes(w.file) && /^\d+$/.test(w.value ?? ''),
    );
    return write === undefined ? undefined : Number(write.value);
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
    this.#beforeKill ??= this.#groups.oomCounters();
    const emptied = await this.#groups.kill({ timeout: KILL_GRACE_MS });
    if (emptied && this.#groups.joins.length > 0 && (await this.#within(KILL_GRACE_MS))) return;
    await this.#board.launcher.signal(this.#id, 9);
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
    const memory = this.#groups.memory;
    const verdict = classifyOom({
      version: memory?.version ?? 1,
      before: this.#beforeKill ?? this.#before,
      after: memory === undefined ? null : this.#groups.oomCounters(),
      exit: 'code' in decoded ? { code: decoded.code } : { signal: decoded.signal },
      requestedKill: this.#stopping !== undefined,
    });
    const oom = this.#announcedKills > 0 ? this.#kills() : null;
    const withOom = { ...base, ...how, ...(oom === null ? {} : { oom }) };
    if (verdict.oomKilled === true) return { ...withOom, reason: 'oom_killed' };
    if (this.#stopping !== undefined) return { ...withOom, reason: 'stopped', stopped_for: this.#stopping.for };
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
