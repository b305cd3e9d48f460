import { FakeErrno } from './errno.ts';
import type { FakeGroup, FakeProcess } from './group.ts';

/** Tells that a file of a group changed, as the kernel does through inotify. */
export type Notify = (group: FakeGroup, file: string) => void;

/** The processes of the fake kernel, and which group each is in. */
export class FakeProcesses {
  readonly #all = new Map<number, FakeProcess>();
  readonly #notify: Notify;
  #nextPid = 1000;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  get(pid: number): FakeProcess | undefined {
    return this.#all.get(pid);
  }

  make(groups: Iterable<FakeGroup>): FakeProcess {
    const flags = { alive: true, dying: false, stuck: false, realtime: false };
    const process: FakeProcess = { pid: this.#nextPid++, ...flags, groups: new Map() };
    this.#all.set(process.pid, process);
    for (const group of groups) this.move(process, group);
    return process;
  }

  move(process: FakeProcess, to: FakeGroup): void {
    const from = process.groups.get(to.mount.mountpoint);
    from?.procs.delete(process);
    process.groups.set(to.mount.mountpoint, to);
    to.procs.add(process);
    if (from !== undefined) this.#populationChanged(from);
    this.#populationChanged(to);
  }

  /** SIGKILL. A frozen v1 task dies when it is thawed, a stuck one never; a frozen v2 task dies at once. */
  kill(pid: number): void {
    const process = this.#all.get(pid);
    if (process?.alive !== true) throw new FakeErrno('ESRCH', 'kill', String(pid));
    process.dying = true;
    this.reap(process);
  }

  /** Marks a process as sleeping in the kernel without end. */
  stick(pid: number, stuck: boolean): void {
    const process = this.#all.get(pid);
    if (process === undefined) return;
    process.stuck = stuck;
    if (process.dying) this.reap(process);
  }

  reap(process: FakeProcess): void {
    const frozen = [...process.groups.values()].some((group) => group.mount.version === 1 && group.effectivelyFrozen);
    if (process.stuck || frozen) return;
    process.alive = false;
    for (const group of process.groups.values()) {
      group.procs.delete(process);
      this.#populationChanged(group);
    }
  }

  #populationChanged(group: FakeGroup): void {
    for (let each: FakeGroup | undefined = group; each !== undefined; each = each.parent)
      this.#notify(each, 'cgroup.events');
  }
}
