import { Cleanup, failpoint } from '../base/index.ts';
import { AcquiredGroups, acquireGroups } from '../cgroups/index.ts';
import type { ListedContainer, ProgramExit, SpawnRequest, Started } from '../launcher/index.ts';
import type { CgroupsSection, LoadedManifest } from '../manifest/index.ts';
import { Container, type Board, type ContainerHooks } from './container.ts';
import { deferred } from './deferred.ts';
import { OomTracker } from './oom-tracker.ts';
import { OutputReader } from './output.ts';
import type { LaunchPlan } from './plan.ts';
import { recordOf, type RunRecord } from './run-record.ts';
import { explainAdoptedFailure, explainStepFailure } from './step-failure.ts';

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
  const paths = plan.cgroup.groups.map((group) => group.path);
  await board.coverByLease(paths);
  const { launcher } = board; // only now: a lost one has been replaced
  const groups = acquireGroups(board.fs, plan.cgroup, { keepTop: board.keepTop });
  failpoint('start.groups');
  const about = recordOf(loaded, plan, limits);
  const oom = new OomTracker(groups, { limit: about.memory_limit, together: about.kill_all_on_oom });
  const record: RunRecord = { ...about, degraded: groups.degraded, before: oom.before };
  const run = new RunWatch(groups);
  const memory = groups.memory;
  try {
    const spawned = launcher.spawn(
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
        blob: Buffer.from(JSON.stringify(record)),
        ...run.listeners,
      },
      board.staging,
    );
    failpoint('start.sent');
    const started = await spawned;
    failpoint('start.started');
    const readers = openReaders(launcher.pid, started, hooks);
    return run.container({ record, plan, launcher, id, groups, oom, hooks, started, readers });
  } catch (error) {
    // A program that runs already (its output could not be opened, say) goes as well.
    if (await launcher.signal(id, SIGKILL)) await run.exited;
    await run.cleanup.dispose();
    await launcher.release(id);
    await groups.remove();
    throw explainStepFailure(error, plan);
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
  const groups = new AcquiredGroups(board.fs, record.groups, { degraded: record.degraded, keepTop: board.keepTop });
  const { memory_limit: limit, kill_all_on_oom: together, before } = record;
  const oom = new OomTracker(groups, { limit, together, before, announced });
  const run = new RunWatch(groups);
  try {
    const started = await launcher.adopt(id, run.listeners);
    const readers = openReaders(launcher.pid, started, hooks, (error) => hooks.onOutputLost?.(error));
    const container = run.container({ record, launcher, id, groups, oom, hooks, started, readers });
    container.checkOom(); // what came while nobody listened
    return container;
  } catch (error) {
    await run.cleanup.dispose();
    await launcher.release(id);
    await groups.remove();
    throw explainAdoptedFailure(error, record.container);
  }
}

/** What is heard of a run before there is a Container to tell. */
class RunWatch {
  readonly cleanup = new Cleanup();
  readonly exited: Promise<ProgramExit>;
  readonly listeners: { onOom: () => void; onExit: (exit: ProgramExit) => void };
  readonly #groups: AcquiredGroups;
  #container: Container | undefined;
  #notified = false;

  constructor(groups: AcquiredGroups) {
    const { promise, resolve } = deferred<ProgramExit>();
    this.exited = promise;
    this.#groups = groups;
    this.listeners = {
      onExit: resolve,
      onOom: () => {
        this.#notified = true;
        void this.#container?.lookForOom();
      },
    };
  }

  container(parts: Omit<ConstructorParameters<typeof Container>[0], 'exited' | 'cleanup'>): Container {
    const watch = this.#groups.watchOom(this.listeners.onOom);
    if (watch !== undefined)
      this.cleanup.defer('memory events', () => {
        watch.close();
      });
    this.#container = new Container({ ...parts, exited: this.exited, cleanup: this.cleanup });
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

function joinsOf(groups: AcquiredGroups): SpawnRequest['joins'] {
  const unified = groups.joins.find((join) => join.version === 2)?.path;
  const tasks = groups.joins.filter((join) => join.version === 1).map((join) => join.path);
  return unified === undefined ? { tasks } : { unified, tasks };
}
