import { readFileSync } from 'node:fs';
import { machine, release } from 'node:os';
import { dirname } from 'node:path/posix';
import type { ThubanError } from '../base/index.ts';
import { Cleanup, reasonOf, removeStaleTemps, version, writeAtomically } from '../base/index.ts';
import { realKernelFs, topFolders, type CgroupFacts } from '../cgroups/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { chooseParent } from './choose-parent.ts';
import type { Control, DaemonVersion } from './control.ts';
import { DaemonBoard } from './daemon-board.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { deferred } from './deferred.ts';
import { EventHistory } from './event-history.ts';
import { Fleet } from './fleet.ts';
import { gatherFacts } from './facts.ts';
import { LogStores } from './log-store.ts';
import { protectSupervisor } from './protect-supervisor.ts';
import { Reconciler } from './reconciler.ts';
import { VerifiedFile } from './repository/index.ts';
import { resumeFleet } from './resume-fleet.ts';
import { prepareRunDir, type RunDir } from './run-dir.ts';
import { startExecution } from './start-execution.ts';
import { StateFiles } from './state-files.ts';
import { Supervisor } from './supervisor.ts';
import { sweepGroups, tellSwept } from './sweep.ts';
import { sweepSockets } from './sweep-sockets.ts';
import { inForce, inherit, type Inheritance } from './take-over.ts';

/** Why a daemon ends. `critical`: the container that must not end has ended. */
export interface DaemonEnd {
  keep: boolean;
  critical?: string;
}

/** Everything that a daemon is, without its consoles: the repository's containers, alive. */
export class Daemon {
  readonly control: Control;
  /** Resolves when it is to end: somebody asked, or a critical container ended. Then call `close`. */
  readonly ending: Promise<DaemonEnd>;
  readonly #options: DaemonOptions;
  readonly #runDir: RunDir;
  readonly #board: DaemonBoard;
  readonly #fleet: Fleet;
  readonly #reconciler: Reconciler;
  readonly #history: EventHistory;
  readonly #cleanup: Cleanup;
  readonly #startedAt = new Date().toISOString();

  private constructor(parts: {
    options: DaemonOptions;
    runDir: RunDir;
    board: DaemonBoard;
    fleet: Fleet;
    reconciler: Reconciler;
    history: EventHistory;
    cleanup: Cleanup;
    facts: CgroupFacts;
    critical: Promise<string>;
  }) {
    this.#options = parts.options;
    this.#runDir = parts.runDir;
    this.#board = parts.board;
    this.#fleet = parts.fleet;
    this.#reconciler = parts.reconciler;
    this.#history = parts.history;
    this.#cleanup = parts.cleanup;
    const describe = (): DaemonVersion => this.#describe(parts.facts);
    const { fleet, history, reconciler } = parts;
    const supervisor = new Supervisor({
      catalogue: fleet.catalogue,
      history,
      reconciler,
      packages: reconciler.packages,
      exec: (container, manifest, request) => startExecution(container, manifest, request, parts.board),
      version: describe,
    });
    this.control = supervisor;
    this.ending = Promise.race([
      supervisor.shutdownAsked,
      parts.critical.then((critical) => ({ keep: false, critical })),
    ]);
  }

  /**
   * Takes over what an earlier daemon left, reads the repositories, removes what nobody owns. Nothing is started yet. TH7004 another daemon
   * runs here, TH7006 the run directory is not safe, TH7009 no launcher.
   */
  static async open(options: DaemonOptions): Promise<Daemon> {
    const { log } = options;
    const runDir = prepareRunDir(options.runDir);
    const history = new EventHistory(options.eventHistory);
    const board = await DaemonBoard.open({
      runDir,
      lease: options.lease,
      consoles: options.consoles,
      sockets: options.sockets,
      onLost: (error) => {
        log('error', 'the launcher ended and its containers with it; all begins anew', { error: error.toJSON() });
      },
      onRecovered: (launcher) => {
        log('info', 'a new launcher runs', { pid: launcher.pid });
      },
      onProblem: (error) => {
        onProblem(error);
      },
    });
    const cleanup = new Cleanup();
    const onProblem = (error: ThubanError): void => {
      log('warn', error.message, { error: error.toJSON() });
    };
    try {
      const files = new StateFiles(runDir.state, { onProblem });
      removeStaleTemps(runDir.path);
      const wasClean = readClean(runDir);
      board.restoreLeftovers(); // before anything can be added to them
      const inheritance = await inherit(board, files, log);
      const ours = ownProcesses(board, inheritance);
      const { parent, note } = chooseParent({ wanted: options.cgroups.parent, ours, outlived: true }, cleanup);
      if (note !== undefined) log('info', note);
      const bytes = options.cgroups.supervisor_memory_min;
      protectSupervisor({ bytes, parent, ours, file: runDir.memoryMinFile, log }, cleanup);
      const facts = gatherFacts(undefined, [], { parent: options.cgroups.parent }).cgroups;
      await sweep(options, facts, parent, inheritance, board);
      if (board.isNew) sweepSockets(runDir.sockets);
      board.consoles.sweep(foldersOf(inheritance));
      const stores = new LogStores(runDir.logs, options.logs, {
        onProblem,
        onDropped: (container, lines) => {
          log('warn', `${container} writes faster than its log takes lines`, { container, lines, code: 'TH4008' });
        },
      });
      const critical = deferred<string>();
      const fleet = new Fleet({
        options,
        board,
        files,
        stores,
        history,
        planOptions: {
          runDir: runDir.path,
          dataDir: options.dataDir,
          parent,
          top: options.cgroups.name,
          enforce: options.cgroups.enforce,
        },
        onCritical: critical.resolve,
        onProblem,
      });
      const reconciler = new Reconciler({
        options,
        fleet,
        history,
        verified: new VerifiedFile(runDir.verifiedFile, !board.isNew, onProblem),
      });
      const daemon = new Daemon({
        options,
        runDir,
        board,
        fleet,
        reconciler,
        history,
        cleanup,
        facts,
        critical: critical.promise,
      });
      daemon.#note(false);
      const holdings = await reconciler.begin(manifestsOf(inheritance));
      const judge = (): void => {
        reconciler.mark();
      };
      resumeFleet({ fleet, inheritance, holdings, dirs: reconciler.dirs, files, stores, wasClean, judge, onProblem });
      reconciler.tell();
      await board.register();
      return daemon;
    } catch (error) {
      await cleanup.dispose();
      if (board.isNew) await board.shutdown();
      else board.leave();
      throw error;
    }
  }

  /** An earlier daemon left its launcher to this one. */
  get tookOver(): boolean {
    return !this.#board.isNew;
  }

  /** Brings the board to what its repositories want, and keeps it so until `close`. */
  run(): void {
    this.#reconciler.run();
  }

  /** `keep`: leaves everything to the next daemon. This process has to end at once then. Otherwise ends everything and leaves nothing. */
  async close(end: DaemonEnd): Promise<void> {
    this.#history.add({ type: 'shutdown', keep: end.keep });
    if (end.keep) {
      void this.#reconciler.close(); // what is under way is the next one's
      this.#fleet.detach();
      this.#note(true);
      this.#board.leave();
      return;
    }
    const settled = this.#reconciler.close();
    await this.#fleet.stopAll(this.#options.shutdownTimeout);
    await settled;
    this.#fleet.detach();
    await this.#board.shutdown();
    this.#fleet.forget();
    await this.#cleanup.dispose();
  }

  /** During `close`: kills what still lives. */
  hurry(): Promise<void> {
    return this.#fleet.killAll('on the second signal');
  }

  #describe(facts: CgroupFacts): DaemonVersion {
    const { launcher } = this.#board;
    return {
      version,
      pid: process.pid,
      started_at: this.#startedAt,
      node: process.versions.node,
      kernel: release(),
      arch: machine(),
      cgroups: facts.layout,
      api: 'v1',
      launcher: { pid: launcher.pid, version: launcher.build },
      run_dir: this.#runDir.path,
      repositories: Object.values(this.#options.repositories).map(({ dir }) => dir),
      containers: this.#fleet.catalogue.entries.size,
    };
  }

  #note(clean: boolean): void {
    const note = { pid: process.pid, version, started_at: this.#startedAt, clean };
    try {
      writeAtomically(this.#runDir.daemonFile, JSON.stringify(note), { mode: 0o600 });
    } catch (error) {
      // Only a next daemon's remark in the logs depends on it.
      this.#options.log('warn', `cannot write ${this.#runDir.daemonFile}: ${reasonOf(error)}`);
    }
  }
}

/** Whether the last daemon ended in order: then it had written all of the output that it had taken. */
function readClean(runDir: RunDir): boolean {
  try {
    return (JSON.parse(readFileSync(runDir.daemonFile, 'utf8')) as { clean?: unknown }).clean === true;
  } catch {
    return false; // the first daemon here, or one that did not come so far
  }
}

/** The manifests of what an earlier daemon left. */
function manifestsOf({ held, saved }: Inheritance): LoadedManifest[] {
  const ids = [...new Set([...held.keys(), ...saved.keys()])];
  return ids.flatMap((id) => inForce(saved.get(id), held.get(id)) ?? []);
}

/** Of consoles that are mounted in containers. */
function foldersOf({ held }: Inheritance): string[] {
  return [...held.values()].flatMap(({ record }) => record.console?.folder ?? []);
}

/** What may be moved to another group: this process, its launcher, and the inits that run beside it. */
function ownProcesses({ launcher }: DaemonBoard, { held }: Inheritance): Set<number> {
  return new Set([process.pid, launcher.pid, ...[...held.values()].map(({ listed }) => listed.init)]);
}

async function sweep(
  options: DaemonOptions,
  facts: CgroupFacts,
  parent: string,
  { held, noted }: Inheritance,
  board: DaemonBoard,
): Promise<void> {
  const { leftovers, made, shared } = board;
  const alive = new Set([...held.values()].flatMap(({ record }) => record.groups.map(({ path }) => path)));
  for (const path of leftovers.paths) alive.add(path); // tried again by themselves
  made.settle();
  const { name: top } = options.cgroups;
  const where = { facts, parent, top, made: made.all(), shared };
  const swept = await sweepGroups(realKernelFs, { ...where, held: alive, known: new Set(noted.keys()) });
  const owners = new Set(swept.left.map(({ path }) => noted.get(path)));
  for (const owner of owners)
    leftovers.add(
      owner,
      swept.left.filter(({ path }) => noted.get(path) === owner),
    );
  const tops = topFolders(facts, parent, top);
  await board.coverByLease([...leftovers.paths].filter((path) => tops.has(dirname(path))));
  tellSwept(swept, options.log);
}
