export interface FakeMount {
  version: 1 | 2;
  mountpoint: string;
  controllers: string[];
  options?: string[];
}

export interface FakeProcess {
  pid: number;
  alive: boolean;
  /** SIGKILL is queued, but the task is frozen (v1) or stuck in the kernel. */
  dying: boolean;
  stuck: boolean;
  realtime: boolean;
  /** Group directory by mount point. */
  groups: Map<string, FakeGroup>;
}

/** The machine around the tree, as far as the rules ask for it. */
export interface FakeMachine {
  pageSize: number;
  cpus: number[];
  nodes: number[];
  disks: Set<string>;
  privileged: boolean;
}

let made = 0;

/** One directory. `values` holds what the files read, without the final newline. */
export class FakeGroup {
  readonly id = ++made;
  readonly path: string;
  readonly mount: FakeMount;
  readonly parent: FakeGroup | undefined;
  readonly children = new Map<string, FakeGroup>();
  readonly values = new Map<string, string>();
  readonly procs = new Set<FakeProcess>();
  readonly machine: FakeMachine;
  /** Bytes in use, as a test sets it. */
  usage = 0;
  /** Bytes of it that the kernel can take back. */
  reclaimable = 0;
  /** v2: controllers enabled for the children. */
  readonly subtree = new Set<string>();
  type: 'domain' | 'threaded' | 'domain invalid' | 'domain threaded' = 'domain';
  frozen = false;

  constructor(path: string, mount: FakeMount, parent: FakeGroup | undefined, machine: FakeMachine) {
    this.path = path;
    this.mount = mount;
    this.parent = parent;
    this.machine = machine;
  }

  /** Takes back up to so many bytes; false when there were not as many. */
  reclaim(bytes: number): boolean {
    const taken = Math.min(Math.max(bytes, 0), this.reclaimable);
    this.usage -= taken;
    this.reclaimable -= taken;
    return taken >= bytes;
  }

  get root(): boolean {
    return this.parent === undefined;
  }

  /** Controllers whose files this directory has. */
  controllers(): string[] {
    if (this.mount.version === 1 || this.parent === undefined) return this.mount.controllers;
    return [...this.parent.subtree];
  }

  get(file: string): string {
    return this.values.get(file) ?? '';
  }

  living(): FakeProcess[] {
    return [...this.procs].filter((process) => process.alive);
  }

  populated(): boolean {
    return this.living().length > 0 || [...this.children.values()].some((child) => child.populated());
  }

  /** Whether a freezer would hold all of it: what sleeps in the kernel cannot be frozen. */
  atRest(): boolean {
    return [...this.walk()].every((group) => group.living().every((process) => !process.stuck));
  }

  /** This group and all below. */
  *walk(): Generator<FakeGroup> {
    yield this;
    for (const child of this.children.values()) yield* child.walk();
  }

  get effectivelyFrozen(): boolean {
    return this.frozen || this.parent?.effectivelyFrozen === true;
  }
}
