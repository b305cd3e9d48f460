import type { Code } from '../base/index.ts';
import type { CgroupFacts, Layout } from './facts.ts';
import type { Resources } from './resources.ts';

export interface Machine {
  /** Bytes. */
  pageSize: number;
  /** Online processors and memory nodes as lists, for example `0-3`. */
  cpus: string;
  nodes: string;
  /** Bytes of RAM. */
  memory: number;
  /** Whether swap is configured; absent means unknown. */
  swap?: boolean;
  preemptRt?: boolean;
  /** Whether the kernel keeps pressure stall information; absent means unknown. */
  psi?: boolean;
  /** Its release, for example `6.1.0-28-arm64`. */
  kernel?: string;
  /** Whether Thuban has CAP_SYS_RESOURCE; absent means unknown. */
  sysResource?: boolean;
  /** Whole disks by path below /dev. */
  blockDevices?: Record<string, { major: number; minor: number }>;
}

export interface CgroupRequest {
  resources: Resources;
  name: string;
  version: string;
  /** The pid of a process that has its containers for itself. */
  instance?: number;
  /** 2 and more: a run beside others of the same container. */
  beside?: number;
  /** 2 and more: what an earlier run left holds the usual name. */
  spare?: number;
  facts: CgroupFacts;
  /** `self` or an absolute path inside a cgroup mount. */
  parent: string;
  /** The directory that holds all containers, by default `thuban`. */
  top?: string;
  /** The manifest's own place below the parent, instead of `top`: `apps/video`. */
  below?: string;
  enforce: 'strict' | 'best_effort';
  machine: Machine;
}

/** One directory that the program joins. Co-mounted v1 controllers share one. */
export interface Group {
  controllers: string[];
  version: 1 | 2;
  path: string;
}

/**
 * What only the kernel's answer can settle. Neighbouring writes to one directory with the same strategy belong together.
 * - `memsw_order` (v1): memory.memsw.limit_in_bytes goes first when its new value is unlimited or above the present
 *   memory.limit_in_bytes, else last, because the kernel keeps memsw >= limit at every instant.
 * - `quota_then_period`: in the given order; what answers EINVAL is tried again after the others, until nothing moves
 *   any more (the kernel checks quota/period and burst against each other and against the parent).
 * - `rt_root_down` (v1): as above; if EINVAL stays, the levels above get their parent's real-time bandwidth first.
 * - `inherit`: what stands as `<parent>` is read from the directory above.
 * - `fill_empty` (v1 cpuset, on mkdir): empty cpus and mems of this level are filled from the one above, unless
 *   `cgroup.clone_children` did it.
 * - `enable_all`: all controllers at once; on a refusal one by one, and the first that is refused is the error.
 * - `enable_each`: the same, but what is refused is left out.
 * - `device_list` (v1): from the list that the group has, by the fewest writes, so that nothing is refused meanwhile that both lists allow.
 */
export type Strategy =
  | 'memsw_order'
  | 'quota_then_period'
  | 'rt_root_down'
  | 'inherit'
  | 'fill_empty'
  | 'enable_all'
  | 'enable_each'
  | 'device_list';

/** What the kernel asks on v2 before a node is opened or made (BPF_PROG_TYPE_CGROUP_DEVICE). The launcher attaches it to the group. */
export interface DeviceProgram {
  /** The default and its exceptions, as `allow c 1:3 rwm`. */
  rules: string[];
  instructions: number;
  /** The instructions, in base64. */
  program: string;
}

/** `devices`: the program of this operation is attached to the directory, instead of the one that a former operation attached. */
export interface CgroupWrite extends Partial<DeviceProgram> {
  op: 'mkdir' | 'write' | 'devices';
  controller: string;
  /** The directory. */
  path: string;
  file?: string;
  value?: string;
  /** Names of errors that are no failure here. */
  tolerate?: string[];
  /** This write is made only if that file is absent. */
  instead_of?: string;
  strategy?: Strategy;
  /** The manifest key, for example `cgroups.memory.memory_hard_limit`. */
  key?: string;
  /** With `best_effort`: an absent file degrades the container instead of refusing its start. */
  optional?: boolean;
  /** `rt_root_down`: how many directories above may be given bandwidth. Absent: one. */
  levels?: number;
}

/** A watch for memory pressure: what is written to the file to be told. `some` and `full` are PSI triggers (v2), `level` is v1's. */
export interface Monitor {
  kind: 'some' | 'full' | 'level';
  /** With its directory. */
  file: string;
  text: string;
  /** The manifest key. */
  key: string;
  /** With `best_effort`: what cannot be watched degrades the container instead of refusing its start. */
  optional?: boolean;
}

export interface Notice {
  code: Code;
  message: string;
  hint?: string;
  key?: string;
}

export interface CgroupPlan {
  layout: Layout;
  groups: Group[];
  /** How many of the groups above each of `groups` the manifest names. Absent: there is the folder that all containers share. */
  levels?: number;
  writes: CgroupWrite[];
  /** Absent: none. */
  monitors?: Monitor[];
  /** The kernel cannot tell of an out-of-memory: its counters have to be looked at. */
  polled?: true;
  warnings: Notice[];
  /** Limits that this kernel cannot enforce and that `best_effort` lets pass. */
  degraded: Notice[];
}
