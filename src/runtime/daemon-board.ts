import { join } from 'node:path';
import { messageOf, ThubanError } from '../base/index.ts';
import { realKernelFs } from '../cgroups/index.ts';
import type { LauncherClient } from '../launcher/index.ts';
import { Consoles, type ConsoleHost } from './consoles.ts';
import type { Board } from './container.ts';
import { BoardGroups } from './board-groups.ts';
import { deferred } from './deferred.ts';
import { FactsCache } from './facts-cache.ts';
import { connectOrStart, type LinkOptions } from './launcher-link.ts';
import { Leftovers } from './leftovers.ts';
import type { Held } from './restore.ts';
import { MadeGroups } from './made-groups.ts';
import { readRecord } from './run-record.ts';
import { isExecRecord } from './start-execution.ts';
import { sweepSockets } from './sweep-sockets.ts';

export interface DaemonBoardOptions extends LinkOptions {
  /** The launcher ended by itself. */
  onLost: (error: ThubanError) => void;
  onRecovered: (launcher: LauncherClient) => void;
  onProblem: (error: ThubanError) => void;
  consoles: ConsoleHost;
  /** Console sockets, removed when the lease ends. */
  sockets: readonly string[];
}

/** The board of a daemon: its launcher outlives it, and another one is started when it is lost. */
export class DaemonBoard implements Board {
  readonly fs = realKernelFs;
  readonly facts = new FactsCache();
  readonly shared: BoardGroups;
  readonly made = new MadeGroups(realKernelFs);
  readonly leftovers: Leftovers;
  readonly consoles: Consoles;
  readonly staging: string;
  readonly #options: DaemonBoardOptions;
  #launcher: LauncherClient;
  /** No earlier daemon left this launcher. */
  readonly isNew: boolean;
  #recovering: Promise<void> | undefined;
  #closing = false;

  private constructor(options: DaemonBoardOptions, launcher: LauncherClient, isNew: boolean) {
    this.#options = options;
    this.#launcher = launcher;
    this.isNew = isNew;
    this.staging = join(options.runDir.launcher, 'root');
    this.shared = new BoardGroups({
      made: this.made,
      keepTop: true,
      onChange: () => {
        this.#renewLease();
      },
    });
    const { leftoversFile: file, path: runDir } = options.runDir;
    this.leftovers = new Leftovers({ fs: realKernelFs, shared: this.shared, file, onProblem: options.onProblem });
    const { consoles: host, onProblem } = options;
    this.consoles = new Consoles({ runDir, host, register: () => this.register(), onProblem });
    this.#watch(launcher);
  }

  static async open(options: DaemonBoardOptions): Promise<DaemonBoard> {
    const { launcher, isNew } = await connectOrStart(options);
    return new DaemonBoard(options, launcher, isNew);
  }

  get launcher(): LauncherClient {
    return this.#launcher;
  }

  /** Time since boot: two daemons on one launcher never give the same number. */
  nextId(): bigint {
    return process.hrtime.bigint();
  }

  /** Goes on with what an earlier daemon could not remove; a run that the launcher holds still is waited for. */
  restoreLeftovers(): void {
    const launcher = this.#launcher;
    this.leftovers.restore((run) => {
      if (this.isNew) return undefined; // it went with its launcher
      const id = BigInt(run);
      const { promise: exited, resolve } = deferred<undefined>();
      const end = (): void => {
        resolve(undefined);
      };
      launcher.adopt(id, { onOom: () => undefined, onExit: end }).catch(end);
      return { run, exited, release: () => launcher.release(id) };
    });
  }

  /**
   * What the launcher holds. `foreign`: begun by a build whose records this one does not understand; `executions`: in containers, for clients that went with
   * their daemon.
   */
  async held(): Promise<{ held: Held[]; foreign: bigint[]; executions: bigint[] }> {
    const held: Held[] = [];
    const foreign: bigint[] = [];
    const executions: bigint[] = [];
    const given = new Set(this.leftovers.noted().map(({ run }) => run));
    for (const listed of await this.#launcher.list()) {
      if (given.has(String(listed.id))) continue; // given up by an earlier daemon
      const record = readRecord(listed.blob);
      if (isExecRecord(listed.blob)) executions.push(listed.id);
      else if (record === undefined) foreign.push(listed.id);
      else {
        held.push({ listed, record });
        this.shared.add(
          record.groups.map(({ path }) => path),
          record.levels,
        );
      }
    }
    return { held, foreign, executions };
  }

  async coverByLease(groups: readonly string[], levels?: number): Promise<void> {
    if (this.#launcher.isLost) await this.recovered();
    if (this.shared.begin(groups, levels)) await this.register();
  }

  /** Names what the launcher removes when nobody comes back in time, beside each container's own groups. */
  async register(): Promise<void> {
    const { launcher } = this.#options.runDir;
    const own = [join(launcher, 'launcher.sock'), this.staging, launcher];
    const { groups, files } = this.shared.lease();
    await this.#launcher.register(groups, [...files, ...this.consoles.files, ...this.#options.sockets, ...own]);
  }

  /** A new launcher is told by itself, and one that ends needs not know. */
  #renewLease(): void {
    const launcher = this.#launcher;
    this.register().catch((error: unknown) => {
      if (launcher.isLost || this.#closing) return;
      this.#options.onProblem(error instanceof ThubanError ? error : new ThubanError('TH9001', messageOf(error)));
    });
  }

  recovered(): Promise<void> {
    if (!this.#launcher.isLost) return Promise.resolve();
    if (this.#closing) return Promise.reject(new ThubanError('TH6014', 'the daemon is shutting down'));
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  /** Leaves the launcher and its containers to the next daemon. */
  leave(): void {
    this.#closing = true;
    this.leftovers.close();
    this.#launcher.close();
  }

  /** Ends the launcher and whatever it still holds. */
  async shutdown(): Promise<void> {
    this.#closing = true;
    await this.leftovers.finish();
    await this.#launcher.shutdown();
  }

  async #recover(): Promise<void> {
    for (;;) {
      const { launcher, isNew } = await connectOrStart(this.#options);
      if (!isNew) {
        // It lives, but the connection did not: what it holds was taken for dead here. All begins anew.
        await launcher.shutdown();
        continue;
      }
      this.#launcher = launcher;
      sweepSockets(this.#options.runDir.sockets);
      this.#watch(launcher);
      await this.register();
      this.#options.onRecovered(launcher);
      return;
    }
  }

  #watch(launcher: LauncherClient): void {
    void launcher.closed.then(() => {
      if (this.#closing) return;
      this.#options.onLost(new ThubanError('TH3011', `the launcher (pid ${launcher.pid}) ended`));
    });
  }
}
