import { randomBytes } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup, placesOf, version } from '../base/index.ts';
import { realKernelFs } from '../cgroups/index.ts';
import { startLauncher, type LauncherClient } from '../launcher/index.ts';
import { nativeBinary } from './binaries.ts';
import { BoardGroups } from './board-groups.ts';
import { chooseParent } from './choose-parent.ts';
import type { Board } from './container.ts';
import { FactsCache } from './facts-cache.ts';
import { Leftovers } from './leftovers.ts';
import { MadeGroups } from './made-groups.ts';
import type { PlanOptions } from './plan.ts';
import { ownIds } from './rootless.ts';

export interface SessionOptions {
  /** Begins the name of the run directory, for example `thuban-run-`. */
  prefix: string;
  /** Where groups are made: `self` or an absolute path inside the cgroup mount. */
  parent?: string;
  /** What is to survive this session, and a boot. */
  dataDir?: string;
  /** Behave as on a kernel before 5.12 (tests). */
  withoutMountSetattr?: boolean;
  /** Another launcher than that beside this program (tests). */
  launcher?: string;
}

/**
 * A board for containers that live no longer than this process: an own run directory, a launcher with lease 0. When this process is
 * killed, the launcher sees its connection close and removes everything.
 */
export class Session implements AsyncDisposable {
  readonly runDir: string;
  readonly board: Board;
  readonly #parent: string;
  readonly #dataDir: string;
  readonly #launcher: LauncherClient;
  readonly #cleanup: Cleanup;

  private constructor(runDir: string, parent: string, dataDir: string, launcher: LauncherClient, cleanup: Cleanup) {
    this.runDir = runDir;
    this.#parent = parent;
    this.#dataDir = dataDir;
    this.#launcher = launcher;
    this.#cleanup = cleanup;
    let next = 1n;
    const shared = new BoardGroups({
      made: new MadeGroups(realKernelFs),
      keepTop: false,
      onChange: () => {
        // Without its launcher this session is over, and whoever waits for a container is told.
        this.#register().catch(() => undefined);
      },
    });
    const leftovers = new Leftovers({ fs: realKernelFs, shared });
    cleanup.defer('leftovers', () => leftovers.finish());
    this.board = {
      fs: realKernelFs,
      facts: new FactsCache(),
      shared,
      leftovers,
      launcher,
      staging: join(runDir, 'root'),
      nextId: () => next++,
      coverByLease: async (groups, levels) => {
        if (shared.begin(groups, levels)) await this.#register();
      },
    };
  }

  static async open(options: SessionOptions): Promise<Session> {
    const cleanup = new Cleanup();
    try {
      const wanted = options.parent ?? 'self';
      const { parent } = chooseParent({ wanted, ours: new Set([process.pid]), outlived: false }, cleanup);
      const runDir = join(realpathSync(tmpdir()), options.prefix + randomBytes(6).toString('hex'));
      cleanup.defer('run directory', () => {
        rmSync(runDir, { recursive: true, force: true });
      });
      const launcher = await startLauncher({
        launcher: options.launcher ?? nativeBinary('thuban-launcher'),
        init: nativeBinary('thuban-init'),
        runDir,
        makeRunDir: true,
        lease: 0,
        ids: ownIds(),
        build: version,
        withoutMountSetattr: options.withoutMountSetattr ?? false,
      });
      return new Session(runDir, parent, options.dataDir ?? placesOf().dataDir, launcher, cleanup);
    } catch (error) {
      await cleanup.dispose();
      throw error;
    }
  }

  get launcherPid(): number {
    return this.#launcher.pid;
  }

  /** What a plan needs to know of this session. The instance keeps its groups apart from those of any other Thuban on the board. */
  get planOptions(): PlanOptions {
    const { runDir } = this;
    return { runDir, dataDir: this.#dataDir, instance: process.pid, parent: this.#parent, hasConsoles: false };
  }

  /**
   * Before a group is made: killed between here and the start of its container, this process leaves an empty group behind, which the
   * launcher then removes, and the folder above it if nobody else uses it.
   */
  async #register(): Promise<void> {
    const files = ['launcher.sock', 'root', 'sockets'].map((name) => join(this.runDir, name));
    const lease = this.board.shared.lease();
    await this.#launcher.register(lease.groups, [...lease.files, ...files, this.runDir]);
  }

  /** Ends the launcher, and with it every container that is left; then the run directory goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#launcher.shutdown();
    await this.#cleanup.dispose();
  }
}
