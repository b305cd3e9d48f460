import type { AcquiredGroups, CpuUsage, MemoryEvents, MemoryUsage } from '../cgroups/index.ts';

/** What the kernel counts for one run: as it is now, or as it was at the end, read before the groups went. */
export class RunCounters {
  readonly #groups: AcquiredGroups;
  #final: { memory: MemoryUsage | null; events: MemoryEvents | null; cpu: CpuUsage | null } | undefined;

  constructor(groups: AcquiredGroups) {
    this.#groups = groups;
  }

  /** Takes the last figures. */
  close(): void {
    this.#final = { memory: this.memory(), events: this.events(), cpu: this.cpu() };
  }

  get isFinal(): boolean {
    return this.#final !== undefined;
  }

  memory(): MemoryUsage | null {
    return this.#final === undefined ? this.#groups.memoryUsage() : this.#final.memory;
  }

  events(): MemoryEvents | null {
    return this.#final === undefined ? this.#groups.memoryEvents() : this.#final.events;
  }

  cpu(): CpuUsage | null {
    return this.#final === undefined ? this.#groups.cpuUsage() : this.#final.cpu;
  }
}
