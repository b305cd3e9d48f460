/** Where one controller lives. A controller is on exactly one hierarchy, so v1 and v2 can stand side by side. */
export interface ControllerFacts {
  version: 1 | 2;
  mountpoint: string;
  /** Field 4 of mountinfo: the group that the mount shows as its top. */
  root: string;
  /** The group of this process, as /proc/self/cgroup writes it. */
  own: string;
  /** File names seen in a group that is not the root; absent means unknown. */
  knobs?: string[];
  /** Super options of the mount, for example `noprefix`. */
  options?: string[];
}

export interface UnifiedFacts {
  mountpoint: string;
  root: string;
  own: string;
  /** What the top of the mount offers in `cgroup.controllers`. */
  controllers: string[];
}

/** The v2 tree, among names of controllers. */
export const UNIFIED = 'cgroup2';

export type Layout = 'v1' | 'v2' | 'hybrid' | 'none';

/** One snapshot of the control groups of a board. It is printable, so that a plan can be made for another board. */
export interface CgroupFacts {
  layout: Layout;
  controllers: Record<string, ControllerFacts>;
  unified?: UnifiedFacts;
  /** What this process has a group in, but no path leads to: v1 controllers, and `cgroup2`. */
  unmounted?: string[];
  /** Without root: what this user may make no groups for. `devices` always, as on v2 it takes a program of root's. */
  undelegated?: string[];
}

const V1_MOUNTS = [
  ['cpuset'],
  ['cpu', 'cpuacct'],
  ['blkio'],
  ['memory'],
  ['devices'],
  ['freezer'],
  ['net_cls', 'net_prio'],
  ['perf_event'],
  ['hugetlb'],
  ['pids'],
  ['rdma'],
] as const;

const V2_CONTROLLERS = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids', 'rdma', 'misc'] as const;

/** A machine with every controller, mounted where distributions mount them; which files exist is unknown. */
export function plainFacts(version: 'v1' | 'v2'): CgroupFacts {
  if (version === 'v2') {
    const mount = { mountpoint: '/sys/fs/cgroup', root: '/', own: '/' };
    return {
      layout: 'v2',
      controllers: Object.fromEntries(V2_CONTROLLERS.map((name) => [name, { version: 2 as const, ...mount }])),
      unified: { ...mount, controllers: [...V2_CONTROLLERS] },
    };
  }
  const controllers: Record<string, ControllerFacts> = {};
  for (const names of V1_MOUNTS) {
    const mountpoint = `/sys/fs/cgroup/${names.join(',')}`;
    for (const name of names) controllers[name] = { version: 1, mountpoint, root: '/', own: '/' };
  }
  return { layout: 'v1', controllers };
}
