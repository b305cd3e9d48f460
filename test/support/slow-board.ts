import { FakeKernelFs } from '../../src/cgroups/index.ts';
import type { LauncherClient, SpawnRequest, Started } from '../../src/launcher/index.ts';
import type { Board } from '../../src/runtime/container.ts';
import { Leftovers } from '../../src/runtime/leftovers.ts';
import type { FactsCache } from '../../src/runtime/facts-cache.ts';
import { plan } from '../../src/runtime/index.ts';
import type { RunRecord } from '../../src/runtime/run-record.ts';
import { boardGroups } from './board-groups.ts';
import { board as factsOfBoard } from './facts.ts';

/** A program that runs on a `SlowBoard`. */
export interface FakeRun {
  container: string;
  command: string;
  /** It was asked to end, and takes its time. */
  isStopping: boolean;
}

interface Run extends FakeRun {
  request: SpawnRequest;
}

const SIGTERM = 15;
const SIGKILL = 9;
const MOUNT = {
  version: 2 as const,
  mountpoint: '/sys/fs/cgroup',
  controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
};

/**
 * A board in memory on which programs take as long to end as the test says: one whose command line has the word `slow` in it ends only when
 * `finish` is called. Plans, groups and the supervision of runs are the real ones.
 */
export class SlowBoard implements Board {
  readonly fs = new FakeKernelFs({ mounts: [MOUNT] });
  readonly shared = boardGroups(this.fs);
  readonly leftovers = new Leftovers({ fs: this.fs, shared: this.shared });
  readonly staging = '/run/thuban/root';
  readonly facts: FactsCache;
  readonly launcher: LauncherClient;
  /** What was noted last with each run, after its start. */
  readonly blobs = new Map<bigint, RunRecord>();
  readonly #runs = new Map<bigint, Run>();
  #nextId = 1n;

  constructor() {
    // Of both, this is all that is used of them here.
    const facts: Pick<FactsCache, 'plan'> = {
      plan: (manifest, options, resources) =>
        plan(manifest, factsOfBoard('v2', { resources: [...(resources ?? [])] }), options),
    };
    const launcher: Pick<LauncherClient, 'pid' | 'spawn' | 'signal' | 'release' | 'setBlob'> = {
      pid: process.pid,
      spawn: (request) => this.#spawn(request),
      signal: (id, signal) => Promise.resolve(this.#signal(id, signal)),
      release: () => Promise.resolve(),
      setBlob: (id, blob) => {
        this.blobs.set(id, JSON.parse(blob.toString('utf8')) as RunRecord);
        return Promise.resolve();
      },
    };
    this.facts = facts as FactsCache;
    this.launcher = launcher as LauncherClient;
  }

  nextId(): bigint {
    return this.#nextId++;
  }

  coverByLease(): Promise<void> {
    return Promise.resolve();
  }

  /** What lives, in the order of its starts. */
  get running(): FakeRun[] {
    return [...this.#runs.values()];
  }

  /** Ids of the containers of what lives. */
  get live(): string[] {
    return this.running.map(({ container }) => container);
  }

  /** Lets a program end: what takes its time, or, with a code, what was not asked to. */
  finish(container: string, code = 0): void {
    for (const [id, run] of this.#runs) if (run.container === container) this.#end(id, run, code << 8);
  }

  async #spawn(request: SpawnRequest): Promise<Started> {
    const { container, command } = JSON.parse(request.blob.toString('utf8')) as {
      container: string;
      command: string[];
    };
    await Promise.resolve();
    this.#runs.set(request.id, { container, command: command.join(' '), isStopping: false, request });
    const now = process.hrtime.bigint();
    const time = BigInt(Date.now()) * 1_000_000n;
    return { init: 1, program: 2, startTime: 0n, time, mono: now, stdout: undefined, stderr: undefined };
  }

  #signal(id: bigint, signal: number): boolean {
    const run = this.#runs.get(id);
    if (run === undefined) return false;
    if (signal === SIGTERM) run.isStopping = true;
    if (signal === SIGKILL || !/\bslow\b/.test(run.command)) this.#end(id, run, signal);
    return true;
  }

  #end(id: bigint, run: Run, status: number): void {
    this.#runs.delete(id);
    const time = BigInt(Date.now()) * 1_000_000n;
    run.request.onExit({ status, fromProgram: true, time, mono: process.hrtime.bigint() });
  }
}
