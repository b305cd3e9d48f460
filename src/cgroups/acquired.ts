import { systemClock, type Clock } from '../base/index.ts';
import { ancestorOf, readAbove, type Above, type Ancestor, type AncestorCounters } from './above.ts';
import {
  freeze,
  freezerOf,
  freezerState,
  thaw,
  type FreezeOptions,
  type FreezerState,
  type Freezing,
  type Thawing,
} from './freezer.ts';
import type { KernelFs } from './kernel-fs.ts';
import { killRound, type Signaller } from './kill.ts';
import { removeIfEmpty } from './make-group.ts';
import { readMemoryEvents } from './memory-events.ts';
import { readOomCounters, watchMemoryEvents, type OomCounters } from './oom.ts';
import type { Group, Notice } from './plan-types.ts';
import { isPopulated, subtreePids } from './procs.ts';
import { removeGroups, type Leftover } from './remove.ts';
import type { SharedGroups } from './shared-groups.ts';
import { readStats } from './stats/read-stats.ts';
import type { GroupStats, MemoryEvents } from './stats/types.ts';
import { cpuUsage, memoryUsage, workingSet, type CpuUsage, type MemoryUsage } from './stats.ts';

export type { Signaller } from './kill.ts';

export interface AcquiredOptions {
  degraded?: Notice[];
  /** Which groups above `remove` takes away when they are empty. Absent: the folder above, which all containers share. */
  shared?: SharedGroups;
  /** For tests; the kernel's kill(2) by default. */
  signal?: Signaller;
}

const KILL_TIMEOUT_MS = 5000;

/** The groups of one container. The owner calls `remove` when the container is gone, whatever happened before. */
export class AcquiredGroups {
  readonly groups: Group[];
  /** Limits that a `best_effort` plan could not have. */
  degraded: Notice[];
  /** What the program joins: v1 the `tasks` file of each hierarchy (write "0"), v2 the directory (CLONE_INTO_CGROUP). */
  readonly joins: { version: 1 | 2; path: string }[];
  readonly #fs: KernelFs;
  readonly #signal: Signaller;
  readonly #shared: SharedGroups | undefined;

  constructor(fs: KernelFs, groups: Group[], options: AcquiredOptions = {}) {
    this.#fs = fs;
    this.groups = groups;
    this.degraded = options.degraded ?? [];
    this.#shared = options.shared;
    this.#signal = options.signal ?? ((pid, signal) => process.kill(pid, signal));
    this.joins = groups.map(({ version, path }) => ({ version, path: version === 1 ? `${path}/tasks` : path }));
  }

  get memory(): Group | undefined {
    return this.groups.find((group) => group.controllers.includes('memory'));
  }

  /** To be read at the start and again after the program was reaped, before `remove`. null without a memory group. */
  oomCounters(): OomCounters | null {
    return this.memory === undefined ? null : readOomCounters(this.#fs, this.memory);
  }

  /** v2 only; v1 needs an eventfd, which Node cannot make. */
  watchOom(onChange: (counters: OomCounters) => void): { close(): void } | undefined {
    const group = this.memory;
    return group?.version === 2 ? watchMemoryEvents(this.#fs, group, onChange) : undefined;
  }

  /** null without a memory group. */
  memoryEvents(): MemoryEvents | null {
    return this.memory === undefined ? null : readMemoryEvents(this.#fs, this.memory);
  }

  /** Counters of the groups above. null without a memory group. */
  above(): Above | null {
    return this.memory === undefined ? null : readAbove(this.#fs, this.memory);
  }

  /** The group above whose limit it was, with the limit that it has now. */
  ancestor(of: AncestorCounters): Ancestor {
    return ancestorOf(this.#fs, this.memory?.version ?? 2, of);
  }

  cpuUsage(): CpuUsage | null {
    return cpuUsage(this.#fs, this.groups);
  }

  memoryUsage(): MemoryUsage | null {
    return memoryUsage(this.#fs, this.groups);
  }

  /** Bytes; null without a memory group. */
  workingSet(): number | null {
    return workingSet(this.#fs, this.groups);
  }

  /** All that the kernel counts. */
  stats(): GroupStats | 'gone' {
    return readStats(this.#fs, this.groups);
  }

  /** Whether anything alive is in any of the groups or below. */
  populated(): boolean {
    return this.groups.some((group) => isPopulated(this.#fs, group.path));
  }

  pids(): number[] {
    return [...new Set(this.groups.flatMap((group) => subtreePids(this.#fs, group.path)))];
  }

  /** The group that can be frozen. Undefined: there is no freezer here. */
  get freezer(): Group | undefined {
    return freezerOf(this.groups);
  }

  /** null: without a freezer, or without the group. */
  freezerState(): FreezerState | null {
    return this.freezer === undefined ? null : freezerState(this.#fs, this.freezer);
  }

  async freeze(options?: FreezeOptions): Promise<Freezing> {
    return this.freezer === undefined ? { outcome: 'gone' } : freeze(this.#fs, this.freezer, options);
  }

  async thaw(options?: FreezeOptions & { below?: boolean }): Promise<Thawing> {
    return this.freezer === undefined ? { outcome: 'gone' } : thaw(this.#fs, this.freezer, options);
  }

  /** SIGKILL to everything, once. */
  killOnce(): void {
    killRound(this.#fs, this.groups, this.#signal);
  }

  /** SIGKILL in rounds until nothing lives. Resolves to false when something still does after `timeout` milliseconds. */
  async kill(options: { timeout?: number; clock?: Clock } = {}): Promise<boolean> {
    const clock = options.clock ?? systemClock;
    const deadline = clock.monotonic() + (options.timeout ?? KILL_TIMEOUT_MS);
    for (let pause = 1; this.populated(); pause = Math.min(pause * 2, 50)) {
      if (clock.monotonic() >= deadline) return false;
      this.killOnce();
      if (this.populated()) await clock.sleep(pause);
    }
    return true;
  }

  /**
   * Depth first with bounded retries of about one second. What stays is returned, never thrown. `kill`: what still lives in them is killed first;
   * that is known from a directory that is busy, which costs nothing where none is.
   */
  async remove(clock?: Clock, { kill = false }: { kill?: boolean } = {}): Promise<Leftover[]> {
    const paths = this.groups.map((group) => group.path);
    const left = kill ? paths.filter((path) => !removeIfEmpty(this.#fs, path)) : paths;
    if (kill && left.length > 0) await this.kill(clock === undefined ? {} : { clock });
    const shared = this.#shared;
    return removeGroups(this.#fs, paths, {
      left,
      ...(shared === undefined ? {} : { shared }),
      ...(clock === undefined ? {} : { clock }),
    });
  }
}
