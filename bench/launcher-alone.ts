import { closeSync, constants, mkdirSync, openSync, readSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrno, version, type Cleanup } from '../src/base/index.ts';
import { realKernelFs } from '../src/cgroups/index.ts';
import { startLauncher, type LauncherClient, type PipeEnd, type ProgramExit } from '../src/launcher/index.ts';
import type { LaunchPlan } from '../src/runtime/index.ts';
import type { Contestant, Turn } from './contestant.ts';
import type { GroupSet } from './groups.ts';

/**
 * The launcher without the daemon: this process makes the groups, sends the plan's steps, hears of the end and removes the groups, with as
 * little as that takes. What the daemon needs beyond it is the price of its console, its supervision and its bookkeeping.
 */
export class LauncherAlone implements Contestant {
  readonly name = 'launcher alone';
  readonly role = 'other';
  readonly pids: readonly number[];
  readonly #client: LauncherClient;
  readonly #plan: LaunchPlan;
  readonly #groups: GroupSet;
  readonly #staging: string;
  #next = 1n;

  private constructor(client: LauncherClient, plan: LaunchPlan, groups: GroupSet, staging: string) {
    this.#client = client;
    this.#plan = plan;
    this.#groups = groups;
    this.#staging = staging;
    this.pids = [client.pid];
  }

  static async start(
    dist: string,
    runDir: string,
    plan: LaunchPlan,
    groups: GroupSet,
    cleanup: Cleanup,
  ): Promise<LauncherAlone> {
    const [launcher, init] = [join(dist, 'thuban-launcher'), join(dist, 'thuban-init')];
    const client = await startLauncher({ launcher, init, runDir, makeRunDir: true, lease: 0, build: version });
    cleanup.defer('launcher', () => client.shutdown());
    return new LauncherAlone(client, plan, groups, join(runDir, 'root'));
  }

  async turn(): Promise<Turn> {
    const { folders, writes } = this.#groups;
    const id = this.#next++;
    const begin = process.hrtime.bigint();
    for (const folder of folders) mkdirSync(folder);
    try {
      for (const { file, value } of writes) realKernelFs.write(file, value);
      const { stdout, exit } = await this.#run(id);
      for (const folder of [...folders].reverse()) rmdirSync(folder);
      const gone = process.hrtime.bigint();
      if (exit.status !== 0) throw new Error(`the program ended with the wait status ${exit.status ?? 'unknown'}`);
      const first = this.#readStamp(stdout);
      await this.#client.release(id);
      return { begin, first, gone };
    } catch (error) {
      for (const folder of folders) removeIfThere(folder);
      throw error;
    }
  }

  async #run(id: bigint): Promise<{ stdout: PipeEnd | undefined; exit: ProgramExit }> {
    const { steps, stdout, stderr, uid, gid } = this.#plan.launch;
    const { folders, tasks, unified } = this.#groups;
    let onExit: (exit: ProgramExit) => void = () => undefined;
    const exited = new Promise<ProgramExit>((resolve) => (onExit = resolve));
    const started = await this.#client.spawn(
      {
        ...{ id, steps, stdout, stderr, uid, gid, onExit },
        joins: { tasks, ...(unified === undefined ? {} : { unified }) },
        groups: folders,
        blob: Buffer.alloc(0),
        onOom: () => undefined,
      },
      this.#staging,
    );
    return { stdout: started.stdout, exit: await exited };
  }

  /** The launcher holds the pipe until the container is released. */
  #readStamp(pipe: PipeEnd | undefined): bigint {
    const fd = openSync(`/proc/${this.#client.pid}/fd/${pipe?.fd ?? -1}`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(64);
      return BigInt(buffer.toString('latin1', 0, readSync(fd, buffer)).trim());
    } finally {
      closeSync(fd);
    }
  }
}

function removeIfThere(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}
