import { Cleanup, failpoint } from '../base/index.ts';
import { AcquiredGroups, acquireGroups, type Group, type Leftover, type Monitor } from '../cgroups/index.ts';
import type { LauncherClient, ListedContainer, ProgramExit } from '../launcher/index.ts';
import type { SpawnRequest, Started } from '../launcher/index.ts';
import type { CgroupsSection, LoadedManifest } from '../manifest/index.ts';
import { armMonitors } from './arm-monitors.ts';
import { Container, type Board, type ContainerHooks } from './container.ts';
import { makeDataFolders } from './data-folders.ts';
import { deferred } from './deferred.ts';
import { attachDevicePrograms } from './device-programs.ts';
import { joinsOf } from './joins.ts';
import { OomTracker } from './oom-tracker.ts';
import { watchForOom } from './oom-watch.ts';
import { OutputReader } from './output.ts';
import type { LaunchPlan } from './plan.ts';
import { PressureWatch } from './pressure-watch.ts';
import { recordOf, type RunRecord } from './run-record.ts';
import { explainAdoptedFailure, explainStepFailure } from './step-failure.ts';
import { GIVE_UP_MS, within } from './within.ts';

const SIGKILL = 9;

/** Makes the groups, starts the program in them. On any failure all of it is undone before the error is thrown. */
export async function startContainer(
  {
    loaded,
    plan,
    id,
    limits,
  }: { loaded: LoadedManifest; plan: LaunchPlan; id: bigint; limits?: CgroupsSection | undefined },
  board: Board,
  hooks: ContainerHooks,
): Promise<Container> {
  const [problem] = plan.problems;
  if (problem !== undefined) throw problem;
  failpoint('start.planned');
  makeDataFolders(plan.launch.steps);
  const paths = plan.cgroup.groups.map((group) => group.path);
  const groups = await makeGroups(plan, paths, board);
  const { launcher } = board; // only now: a lost one has been replaced
  failpoint('start.groups');
  const about = recordOf(loaded, plan, limits);
  const oom = new OomTracker(groups, { limit: about.memory_limit, together: about.kill_all_on_oom });
  const run = new RunWatch(groups);
  const memory = groups.memory;
  const { polled = false } = plan.cgroup;
  try {
    const monitors = await armMonitors(launcher, id, plan.cgroup.monitors ?? [], groups.degraded);
    run.watchPressure({ launcher, id, monitors, fs: board.fs }, hooks);
    const { before, above } = oom;
    const record: RunRecord = {
      ...about,
      degraded: groups.degraded,
      before,
      above,
      monitors,
      ...(polled ? { polled } : {}),
    };
    const spawned = launcher.spawn(
      {
        id,
        steps: plan.launch.steps,
        stdout: plan.launch.stdout,
        stderr: plan.launch.stderr,
        uid: plan.launch.uid,
        gid: plan.launch.gid,
        joins: joinsOf(groups),
        ...(memory?.version === 1 && !polled ? { oomGroup: memory.path } : {}),
        groups: paths,
        blob: Buffer.from(JSON.stringify(record)),
        ...run.listeners,
      },
      board.staging,
    );
    failpoint('start.sent');
    const started = await spawned;
    failpoint('start.started');
    const readers = openReaders(launcher.pid, started, hooks);
    const container = run.container({ fs: board.fs, record, plan, launcher, id, groups, oom, hooks, started, readers });
    keepLeftovers(container, board);
    return container;
  } catch (error) {
    // A program that runs already (its output could not be opened, say) goes as well.
    const { exited } = run;
    const held =
      (await launcher.signal(id, SIGKILL)) && !(await within(GIVE_UP_MS, exited))
        ? { run: String(id), exited, release: () => launcher.release(id) }
        : undefined;
    await run.cleanup.dispose();
    if (held === undefined) await launcher.release(id);
    board.leftovers.add(plan.id, leftOf(groups, await groups.remove()), held);
    throw explainStepFailure(error, plan);
  }
}

/** With everything that confines the program, before it joins. On a failure nothing is left of them. */
async function makeGroups(plan: LaunchPlan, paths: readonly string[], board: Board): Promise<AcquiredGroups> {
  const { fs, shared } = board;
  let groups: AcquiredGroups;
  try {
    await board.coverByLease(paths, plan.cgroup.levels);
    groups = acquireGroups(fs, plan.cgroup, { shared });
  } finally {
    shared.end(paths);
  }
  try {
    groups.degraded.push(...(await attachDevicePrograms(board.launcher, plan.cgroup)));
    return groups;
  } catch (error) {
    await groups.remove();
    throw error;
  }
}

/**
 * Goes on with a run that another daemon began. Resolves when it has started; a start that fails after all, or that had failed, is undone before
 * the error is thrown.
 */
export async function adoptContainer(
  listed: ListedContainer,
  record: RunRecord,
  board: Board,
  hooks: ContainerHooks,
  announced: number,
): Promise<Container> {
  const { launcher } = board;
  const { id } = listed;
  const groups = new AcquiredGroups(board.fs, record.groups, { degraded: record.degraded, shared: board.shared });
  const { memory_limit: limit, kill_all_on_oom: together, before, above = null, monitors = [] } = record;
  const oom = new OomTracker(groups, { limit, together, before, above, announced });
  const run = new RunWatch(groups);
  const pressure = run.watchPressure({ launcher, id, monitors, fs: board.fs }, hooks);
  try {
    const started = await launcher.adopt(id, run.listeners);
    pressure?.resume();
    const readers = openReaders(launcher.pid, started, hooks, (error) => hooks.onOutputLost?.(error));
    const container = run.container({ fs: board.fs, record, launcher, id, groups, oom, hooks, started, readers });
    keepLeftovers(container, board);
    container.checkOom(); // what came while nobody listened
    return container;
  } catch (error) {
    await run.cleanup.dispose();
    await launcher.release(id);
    board.leftovers.add(record.container, leftOf(groups, await groups.remove()));
    throw explainAdoptedFailure(error, record.container);
  }
}

/** Before anybody else hears of its end: the next start asks for it. */
function keepLeftovers(container: Container, board: Board): void {
  void container.ended.then(({ leftovers, held }) => {
    board.leftovers.add(container.record.container, leftOf(container.groups, leftovers), held);
  });
}

function leftOf({ groups }: AcquiredGroups, leftovers: readonly Leftover[]): Group[] {
  return groups.filter(({ path }) => leftovers.some((leftover) => leftover.path === path));
}

/** What is heard of a run before there is a Container to tell. */
class RunWatch {
  readonly cleanup = new Cleanup();
  readonly exited: Promise<ProgramExit>;
  readonly listeners: Pick<SpawnRequest, 'onOom' | 'onExit' | 'onLingers' | 'onPressure'>;
  readonly #groups: AcquiredGroups;
  #container: Container | undefined;
  #pressure: PressureWatch | undefined;
  #notified = false;
  #lingers: ProgramExit | undefined;

  constructor(groups: AcquiredGroups) {
    const { promise, resolve } = deferred<ProgramExit>();
    this.exited = promise;
    this.#groups = groups;
    this.listeners = {
      onExit: resolve,
      onLingers: (exit) => {
        this.#lingers = exit;
        void this.#container?.linger(exit);
      },
      onOom: () => {
        this.#notified = true;
        void this.#container?.lookForOom();
      },
      onPressure: (report) => {
        this.#pressure?.receive(report);
      },
    };
  }

  /** To be called before the launcher is told of the run: its monitors may speak at once. */
  watchPressure(
    of: { launcher: LauncherClient; id: bigint; fs: Board['fs']; monitors: readonly Monitor[] },
    hooks: ContainerHooks,
  ): PressureWatch | undefined {
    if (of.monitors.length === 0) return undefined;
    const watch = new PressureWatch({ ...of, tell: (news) => hooks.onPressure?.(news) });
    this.#pressure = watch;
    this.cleanup.defer('memory pressure', () => {
      watch.close();
    });
    return watch;
  }

  container(parts: Omit<ConstructorParameters<typeof Container>[0], 'exited' | 'cleanup'>): Container {
    const look = (): void => void this.#container?.checkOom();
    const polled = parts.record.polled === true;
    const watch = watchForOom(this.#groups, polled, polled ? look : this.listeners.onOom);
    if (watch !== undefined)
      this.cleanup.defer('memory events', () => {
        watch.close();
      });
    if (watch?.notice !== undefined) this.#groups.degraded.push(watch.notice);
    this.#container = new Container({ ...parts, exited: this.exited, cleanup: this.cleanup });
    if (watch !== undefined) look(); // what came before somebody watched
    if (this.#lingers !== undefined) void this.#container.linger(this.#lingers);
    if (this.#notified) void this.#container.lookForOom(); // it came before there was somebody to tell
    return this.#container;
  }
}

/** `onLost`: goes on without that stream; without it, the error is thrown. */
function openReaders(
  launcherPid: number,
  started: Started,
  hooks: ContainerHooks,
  onLost?: (error: unknown) => void,
): OutputReader[] {
  const readers: OutputReader[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    const pipe = started[stream];
    if (pipe === undefined) continue;
    try {
      readers.push(new OutputReader(launcherPid, pipe, stream, hooks.output));
    } catch (error) {
      if (onLost === undefined) throw error;
      onLost(error);
    }
  }
  return readers;
}
