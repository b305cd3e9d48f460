import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { restartDefaults, type LoadedManifest, type Manifest } from '../../../../src/manifest/index.ts';
import type { DaemonOptions } from '../../../../src/runtime/daemon-options.ts';
import { EventHistory } from '../../../../src/runtime/event-history.ts';
import { Executor } from '../../../../src/runtime/executor.ts';
import { Fleet } from '../../../../src/runtime/fleet.ts';
import { LogStores } from '../../../../src/runtime/log-store.ts';
import type { Desired } from '../../../../src/runtime/reconcile/index.ts';
import { StateFiles } from '../../../../src/runtime/state-files.ts';
import { Supervisor } from '../../../../src/runtime/supervisor.ts';
import { shell } from '../../../support/containers.ts';
import { SlowBoard } from '../../../support/slow-board.ts';
import { desired } from '../reconcile/support.ts';

export type Sections = Partial<Manifest> & { file?: string };

/** `app:1.0.0` of `/r/app.yaml`. A program with the word `slow` in it takes as long to end as the test says. */
export function manifest(id: string, script: string, { file, ...sections }: Sections = {}): LoadedManifest {
  const [name = '', version = ''] = id.split(':');
  return { ...shell(script, { name, version, ...sections }), file: file ?? `/r/${name}.yaml` };
}

const LOGS = { size: 65_536, files: 1, max_line: 4096, rate: 1000, total_size: 1 << 20 };
/** More turns of the event loop than anything takes that waits for no program. */
const TURNS = 40;

/** The real executor, fleet and supervisor on a board in memory; what the folders hold is said by the test. */
export class ExecutorBench implements AsyncDisposable {
  readonly board = new SlowBoard();
  readonly history = new EventHistory(1000);
  readonly log: string[] = [];
  readonly options: DaemonOptions;
  readonly files: StateFiles;
  readonly stores: LogStores;
  readonly fleet: Fleet;
  readonly executor: Executor;
  readonly supervisor: Supervisor;
  readonly #folder = mkdtempSync(join(tmpdir(), 'executor-'));
  #desired: Desired = desired([]);

  constructor() {
    const state = join(this.#folder, 'state');
    mkdirSync(state);
    const log = (level: string, message: string): void => {
      this.log.push(`${level} ${message}`);
    };
    const onProblem = (error: Error): void => {
      this.log.push(error.message);
    };
    this.options = {
      runDir: this.#folder,
      repositories: {},
      installSize: 0,
      installPatience: 10,
      watch: { debounce: 0, rescan: 60 },
      dataDir: this.#folder,
      schedule: { gate: { mode: 'off', timeout: 0 }, timeZone: 'UTC' },
      cgroups: { parent: '/sys/fs/cgroup', name: 'thuban', enforce: 'strict', supervisor_memory_min: 0 },
      lease: 0,
      concurrency: 4,
      shutdownTimeout: 1,
      logs: LOGS,
      restart: restartDefaults,
      eventHistory: 1000,
      sockets: [],
      consoles: { open: () => Promise.reject(new Error('nothing of this has a console')) },
      log,
    };
    this.files = new StateFiles(state, { onProblem });
    this.stores = new LogStores(join(this.#folder, 'logs'), LOGS, { onProblem });
    this.fleet = new Fleet({
      options: this.options,
      board: this.board,
      files: this.files,
      stores: this.stores,
      history: this.history,
      planOptions: { parent: '/sys/fs/cgroup', top: 'thuban' },
      onCritical: () => undefined,
      onProblem,
    });
    this.executor = new Executor({ fleet: this.fleet, history: this.history, log, desired: () => this.#desired });
    const none = (): never => {
      throw new Error('this is not asked here');
    };
    this.supervisor = new Supervisor({
      catalogue: this.fleet.catalogue,
      history: this.history,
      version: none,
      reconciler: { apply: none, repositories: none },
      packages: { install: none, uninstall: none },
      exec: none,
    });
  }

  /** A look at the folders found this. */
  wants(manifests: readonly LoadedManifest[], rest: Parameters<typeof desired>[1] = {}): void {
    this.#desired = desired(manifests, rest);
    this.executor.retry();
  }

  /** The same, and everything that follows from it without a program's end. */
  async holds(manifests: readonly LoadedManifest[], rest: Parameters<typeof desired>[1] = {}): Promise<void> {
    this.wants(manifests, rest);
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  }

  /** A program that was asked to end does so, and what follows follows. */
  async finish(container: string, code?: number): Promise<void> {
    this.board.finish(container, code);
    await this.settled();
  }

  /** Every container with its state: `app:1.0.0 running`. */
  get containers(): string[] {
    return this.supervisor.list().map(({ id, state }) => `${id} ${state}`);
  }

  /** What a person asked for; resolves with `done`, or the message of the refusal. */
  async asks(what: 'start' | 'stop' | 'restart', name: string): Promise<string> {
    try {
      await this.supervisor[what](name);
      return 'done';
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Events of these types, oldest first: `started app:1.0.0`. */
  async told(...types: string[]): Promise<string[]> {
    const told: string[] = [];
    for await (const batch of this.history.read({ types }, new AbortController().signal))
      told.push(...batch.map(({ type, container }) => `${type} ${String(container)}`));
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.executor.close();
    this.fleet.detach();
    const ended = this.fleet.killAll('at the end of the test');
    for (let turn = 0; turn < TURNS && this.board.live.length > 0; turn++) {
      for (const container of this.board.live) this.board.finish(container);
      await nextTurn();
    }
    await ended;
    await closed;
    rmSync(this.#folder, { recursive: true });
  }
}
