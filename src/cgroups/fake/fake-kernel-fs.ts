import type { KernelEntry, KernelFs } from '../kernel-fs.ts';
import { coreV1, coreV2, type Kernel } from './core.ts';
import { FakeErrno, Refuse } from './errno.ts';
import { FakeGroup, type FakeMachine, type FakeMount } from './group.ts';
import { FakeProcesses } from './processes.ts';
import type { Controller, Knob } from './rules.ts';
import { v1Cpu, v1Cpuacct, v1Cpuset } from './v1-cpu.ts';
import { v1Memory } from './v1-memory.ts';
import { v1Devices } from './v1-devices.ts';
import { pids, rdma, v1Blkio, v1Freezer, v1Hugetlb, v1NetCls, v1NetPrio } from './v1-others.ts';
import { v2Controllers } from './v2-knobs.ts';

const V1: Record<string, Controller> = {
  cpu: v1Cpu,
  cpuacct: v1Cpuacct,
  cpuset: v1Cpuset,
  memory: v1Memory,
  blkio: v1Blkio,
  pids,
  freezer: v1Freezer,
  devices: v1Devices,
  hugetlb: v1Hugetlb,
  rdma,
  net_cls: v1NetCls,
  net_prio: v1NetPrio,
};

export interface FakeOptions {
  mounts: FakeMount[];
  machine?: Partial<FakeMachine>;
  /** Files that this kernel does not have. */
  absent?: string[];
}

/** One call that is to fail. `path` is the directory or file as the caller names it. */
export interface Fault {
  op: 'mkdir' | 'rmdir' | 'read' | 'write';
  path: string | RegExp;
  errno: string;
  /** How often; for ever if left out. */
  times?: number;
  /** Called when it strikes, for what another process does at this moment. */
  then?: () => void;
}

/**
 * Control groups in memory, for tests on any machine. It answers as the kernel does where the code relies on it: rounding,
 * clamping, errno, who may be removed and attached; the same table of cases runs against it and against real kernels.
 */
export class FakeKernelFs implements KernelFs {
  /** Every write, mkdir and rmdir that was asked for, in order. */
  readonly log: string[] = [];
  readonly faults: Fault[] = [];
  /** What else can be read, such as files of /proc, by path. */
  readonly files = new Map<string, string>();
  readonly #roots = new Map<string, FakeGroup>();
  readonly #processes = new FakeProcesses((group, file) => {
    this.#notify(group, file);
  });
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #absent: Set<string>;
  readonly #core: Record<1 | 2, Controller>;

  constructor({ mounts, machine, absent = [] }: FakeOptions) {
    this.#absent = new Set(absent);
    const all: FakeMachine = {
      pageSize: 4096,
      cpus: [0, 1, 2, 3],
      nodes: [0],
      disks: new Set(['8:0', '8:16', '254:0']),
      privileged: false,
      ...machine,
    };
    const kernel: Kernel = {
      process: (pid) => this.#processes.get(pid),
      writer: () => undefined,
      move: (process, to) => {
        this.#processes.move(process, to);
      },
      kill: (process) => {
        this.#processes.kill(process.pid);
      },
      changed: (group) => {
        this.#notify(group, 'cgroup.events');
      },
    };
    this.#core = { 1: coreV1(kernel), 2: coreV2(kernel) };
    for (const mount of mounts)
      this.#roots.set(mount.mountpoint, this.#fill(new FakeGroup(mount.mountpoint, mount, undefined, all)));
  }

  /** The text of /proc/self/mountinfo for these mounts. */
  mountinfo(): string {
    return [...this.#roots.values()]
      .map(({ mount }, i) => {
        const type = mount.version === 2 ? 'cgroup2' : 'cgroup';
        const options = ['rw', ...(mount.version === 1 ? mount.controllers : []), ...(mount.options ?? [])].join(',');
        return `${30 + i} 29 0:${30 + i} / ${mount.mountpoint} rw,relatime - ${type} ${type} ${options}\n`;
      })
      .join('');
  }

  /** A new process, in these directories and in the root of every other hierarchy. */
  spawn(...paths: string[]): number {
    const groups = [...this.#roots].map(([mountpoint, root]) => {
      const path = paths.find((candidate) => candidate === mountpoint || candidate.startsWith(`${mountpoint}/`));
      return path === undefined ? root : this.group(path);
    });
    return this.#processes.make(groups).pid;
  }

  /** SIGKILL; see FakeProcesses. */
  readonly signal = (pid: number): void => {
    this.#processes.kill(pid);
  };

  /** Marks a process as sleeping in the kernel without end. */
  stick(pid: number, stuck = true): void {
    this.#processes.stick(pid, stuck);
  }

  alive(pid: number): boolean {
    return this.#processes.get(pid)?.alive === true;
  }

  /** An out-of-memory kill of a task in `path`; `at` is the group whose limit was hit, the root when the board has no memory left. */
  oomKill(path: string, at = path): void {
    const victim = this.group(path);
    const limit = this.group(at);
    bump(victim, '.oom_kill');
    if (!limit.root) bump(limit, '.oom');
    for (const group of new Set([victim, limit]))
      for (let each: FakeGroup | undefined = group; each !== undefined; each = each.parent)
        this.#notify(each, 'memory.events');
  }

  group(path: string): FakeGroup {
    return this.#find(path) ?? this.#fail('ENOENT', 'stat', path);
  }

  mkdir(path: string): void {
    this.#begin('mkdir', path);
    const { parent, name } = this.#split(path);
    if (parent === undefined) this.#fail('ENOENT', 'mkdir', path);
    if (name === '' || name.includes('\n')) this.#fail('EINVAL', 'mkdir', path);
    if (parent.children.has(name) || this.#knob(parent, name) !== undefined) this.#fail('EEXIST', 'mkdir', path);
    parent.children.set(name, this.#fill(new FakeGroup(path, parent.mount, parent, parent.machine)));
  }

  rmdir(path: string): void {
    this.#begin('rmdir', path);
    const group = this.#find(path) ?? this.#fail('ENOENT', 'rmdir', path);
    if (group.parent === undefined || group.children.size > 0 || group.living().length > 0)
      this.#fail('EBUSY', 'rmdir', path);
    group.parent.children.delete(path.slice(path.lastIndexOf('/') + 1));
    this.#watchers.forEach((_, watched) => {
      if (watched.startsWith(`${path}/`)) this.#watchers.delete(watched);
    });
  }

  read(path: string): string {
    this.#begin('read', path);
    const other = this.files.get(path);
    if (other !== undefined) return other;
    const { group, knob, file } = this.#file(path, 'read');
    const text = this.#obey('read', path, () => knob.read?.(group) ?? group.get(file));
    return text === '' ? '' : `${text}\n`;
  }

  write(path: string, text: string): void {
    this.#begin('write', path, text);
    const { group, knob, file } = this.#file(path, 'write');
    if (text === '') return;
    const value = this.#obey('write', path, () =>
      knob.write === undefined ? this.#fail('EINVAL', 'write', path) : knob.write(text, group),
    );
    if (value !== undefined) group.values.set(file, value);
    if (file === 'freezer.state')
      for (const each of group.walk())
        for (const process of each.living()) if (process.dying) this.#processes.reap(process);
  }

  list(path: string): KernelEntry[] {
    const group = this.#find(path) ?? this.#fail('ENOENT', 'scandir', path);
    const files = Object.keys(this.#knobs(group)).filter((file) => this.#knob(group, file) !== undefined);
    return [
      ...files.map((name) => ({ name, directory: false })),
      ...[...group.children.keys()].map((name) => ({ name, directory: true })),
    ];
  }

  stat(path: string): { directory: boolean; id: string; children: number } {
    const group = this.#find(path);
    if (group !== undefined) return { directory: true, id: String(group.id), children: group.children.size };
    return { directory: false, id: `${this.#file(path, 'stat').group.id}-${path}`, children: 0 };
  }

  watch(path: string, changed: () => void): { close(): void } {
    this.#file(path, 'watch');
    const set = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, set.add(changed));
    return { close: () => set.delete(changed) };
  }

  #begin(op: Fault['op'], path: string, text?: string): void {
    if (op !== 'read') this.log.push(`${op} ${path}${text === undefined ? '' : ` ${text}`}`);
    const at = this.faults.findIndex(
      (fault) => fault.op === op && (typeof fault.path === 'string' ? fault.path === path : fault.path.test(path)),
    );
    const fault = this.faults[at];
    if (fault === undefined) return;
    if (fault.times !== undefined && --fault.times <= 0) this.faults.splice(at, 1);
    fault.then?.();
    this.#fail(fault.errno, op, path);
  }

  #fail(errno: string, syscall: string, path: string): never {
    throw new FakeErrno(errno, syscall, path);
  }

  #obey<T>(syscall: string, path: string, rule: () => T): T {
    try {
      return rule();
    } catch (error) {
      if (error instanceof Refuse) this.#fail(error.code, syscall, path);
      throw error;
    }
  }

  #split(path: string): { parent: FakeGroup | undefined; name: string } {
    const slash = path.lastIndexOf('/');
    return { parent: this.#find(path.slice(0, slash)), name: path.slice(slash + 1) };
  }

  #find(path: string): FakeGroup | undefined {
    const mountpoint = [...this.#roots.keys()]
      .filter((each) => path === each || path.startsWith(`${each}/`))
      .sort((a, b) => b.length - a.length)[0];
    if (mountpoint === undefined) return undefined;
    let group = this.#roots.get(mountpoint);
    for (const name of path.slice(mountpoint.length).split('/').slice(1)) group = group?.children.get(name);
    return group;
  }

  #knobs(group: FakeGroup): Controller {
    const { version, controllers } = group.mount;
    const table = version === 1 ? V1 : v2Controllers;
    const own = group.controllers();
    const all: Controller = { ...this.#core[version] };
    for (const name of version === 1 ? controllers : Object.keys(v2Controllers)) {
      for (const [file, knob] of Object.entries(table[name] ?? {}))
        if (own.includes(name) || knob.always === true) all[file] = knob;
    }
    return all;
  }

  #knob(group: FakeGroup, file: string): Knob | undefined {
    const knob = this.#knobs(group)[file];
    if (knob === undefined || this.#absent.has(file)) return undefined;
    return (group.root ? knob.notInRoot : knob.onlyInRoot) === true ? undefined : knob;
  }

  #file(path: string, syscall: string): { group: FakeGroup; knob: Knob; file: string } {
    const { parent: group, name: file } = this.#split(path);
    const knob = group === undefined ? undefined : this.#knob(group, file);
    if (group === undefined || knob === undefined) this.#fail('ENOENT', syscall, path);
    if (!group.values.has(file))
      group.values.set(file, typeof knob.initial === 'string' ? knob.initial : knob.initial(group));
    return { group, knob, file };
  }

  #fill(group: FakeGroup): FakeGroup {
    for (const [file, { initial }] of Object.entries(this.#knobs(group)))
      group.values.set(file, typeof initial === 'string' ? initial : initial(group));
    if (group.parent?.get('cgroup.clone_children') === '1')
      for (const file of ['cpuset.cpus', 'cpuset.mems']) group.values.set(file, group.parent.get(file));
    return group;
  }

  #notify(group: FakeGroup, file: string): void {
    for (const changed of this.#watchers.get(`${group.path}/${file}`) ?? []) changed();
  }
}

function bump(group: FakeGroup, key: string): void {
  group.values.set(key, String(Number(group.get(key) || '0') + 1));
}
