import type { Diagnostic, ImageFile, Position } from '../base/index.ts';
import type { AppArmor, Console, Network, Paths, Sched, Seccomp, Selinux, Socket, UserNamespace } from './isolation.ts';
import type { Dependency, Health, Hook, Logs, Update } from './supervision.ts';

/**
 * A manifest after validation and normalisation. Names are those of the YAML file (snake_case), sizes are bytes,
 * durations are seconds, CPU times are microseconds. An absent section is an absent key; printing this object as
 * YAML or JSON and reading it back gives an equal one.
 */
export interface Manifest {
  name: string;
  /** `major.minor.patch`; pre-release and build parts are dropped, as Northstar does. */
  version: string;
  /** Path of the program as seen from inside. Absent: a resource container, which cannot be started. */
  init?: string;
  args?: string[];
  env?: Record<string, string>;
  uid: number;
  gid: number;
  suppl_groups?: string[];
  capabilities?: string[];
  rlimits?: Record<string, Rlimit>;
  mounts?: Record<string, Mount>;
  io?: { stdout: Output; stderr: Output };
  cgroups?: CgroupsSection;
  autostart?: 'relaxed' | 'critical';
  /** With autostart: everything is prepared, and the program waits for `start`. */
  standby?: boolean;
  restart?: Restart;
  stop?: Stop;
  health?: Health;
  depends_on?: Record<string, Dependency>;
  schedule?: Schedule;
  logs?: Logs;
  update?: Update;
  hostname?: string;
  rootfs?: Rootfs;
  process?: Process;
  paths?: Paths;
  user_namespace?: UserNamespace;
  sched?: Sched;
  network?: Network;
  seccomp?: Seccomp;
  selinux?: Selinux;
  apparmor?: AppArmor;
  sockets?: Record<string, Socket>;
  console?: Console;
  /** Whatever the manifest holds; Thuban does not use it. */
  custom?: unknown;
}

/** null is unlimited. */
export interface Rlimit {
  soft: number | null;
  hard: number | null;
}

export type Output = 'pipe' | 'discard' | 'inherit';

export type Mount =
  /** `options` is Northstar's normalised list: sorted, comma separated, out of `rw,noexec,nosuid,nodev,rec`. */
  | { type: 'bind'; host: string; options?: string; optional?: boolean }
  | { type: 'tmpfs'; size: number }
  | { type: 'proc' }
  | { type: 'dev' }
  | { type: 'sysfs' }
  /** The sockets of all containers. */
  | { type: 'sockets' }
  /** A directory that outlives the container and its version. `mode`: permission bits. */
  | { type: 'persist'; mode?: number }
  /** A folder of another container's files, read-only: the newest version that satisfies the requirement `version`. */
  | { type: 'resource'; name: string; version: string; dir: string; options?: string }
  /** A node below /dev. `access`: out of `rwm`. `wait`: seconds until a start without it is refused. */
  | { type: 'device'; host: string; access: string; mode: number; optional?: boolean; wait: number | 'unlimited' }
  /** Folders of the host, the first on top, and what the container changes. `size`: bytes, of an upper of `tmpfs`. */
  | { type: 'overlay'; lower: string[]; upper: 'tmpfs'; size: number }
  | { type: 'overlay'; lower: string[]; upper: 'persist' };

export interface Restart {
  policy: 'never' | 'on_failure' | 'always';
  /** Seconds. */
  initial_delay: number;
  /** Seconds. */
  max_delay: number;
  multiplier: number;
  /** Share of the delay, 0 to 1, by which it varies at random in both directions. */
  jitter: number;
  /** Seconds of running after which the history is forgotten. */
  reset_after: number;
  max_restarts: number | 'unlimited';
}

export interface Stop {
  /** `SIGTERM`, … */
  signal: string;
  /** Seconds until the whole group is killed, `pre_stop` included. */
  timeout: number;
  /** Runs inside before the signal. */
  pre_stop?: Hook;
  /** Runs in a new container of the same limits when this one is gone. */
  post_stop?: Hook;
}

/** Properties of the program's process; absent is what `processDefaults` says. */
export interface Process {
  privileged: boolean;
  /** As seen from inside. */
  working_dir?: string;
  umask?: number;
  oom_score_adj?: number;
  no_new_privs?: boolean;
  new_session?: boolean;
}

/** When a container is started by the clock. */
export interface Schedule {
  /** 5 fields, or 6 with seconds in front, or `@hourly` and the like. */
  cron: string;
  /** IANA name. */
  time_zone: string;
  /** What happens when the time has come and it still runs. */
  overlap: 'forbid' | 'allow' | 'replace' | 'queue';
  /** Whether one run makes up for those that were missed. */
  catch_up: 'none' | 'once';
  /** Seconds: how long ago the missed time may be. */
  catch_up_window: number;
  /** Seconds: each start is put off by a random time up to this. */
  jitter: number;
  /** Seconds until a run is stopped. */
  max_runtime: number | 'unlimited';
}

/** `package`: the image in the package that the manifest came in; also what no `rootfs` means there. */
export type Rootfs =
  { type: 'host'; folders?: string[] } | ({ type: 'dir'; path: string } & Overlay) | ({ type: 'package' } & Overlay);

/** How the root can be written to; not at all where `overlay` is absent. `overlay_size`: bytes, with `tmpfs` only. */
export interface Overlay {
  overlay?: 'tmpfs' | 'persist';
  overlay_size?: number;
}

/** `cgroups` of the manifest: exactly the keys of `Resources` in src/cgroups, plus `parent` and `enforce`. */
export interface CgroupsSection {
  enforce?: 'strict' | 'best_effort';
  /** Path below the mount of the hierarchy, in place of the daemon's own group. */
  parent?: string;
  memory?: {
    memory_hard_limit?: number;
    memory_soft_limit?: number;
    memory_swap_limit?: number;
    kernel_memory_limit?: number;
    kernel_tcp_memory_limit?: number;
    swappiness?: number;
    oom_kill_disable?: boolean;
    oom_group?: boolean;
    oom_monitor?: boolean;
    pressure?: MemoryPressure;
    attrs?: Record<string, string>;
  };
  cpu?: {
    shares?: number;
    quota?: number;
    period?: number;
    burst?: number;
    idle?: number;
    cpus?: string;
    mems?: string;
    realtime_runtime?: number;
    realtime_period?: number;
    attrs?: Record<string, string>;
  };
  blkio?: {
    weight?: number;
    leaf_weight?: number;
    weight_device?: { major?: number; minor?: number; device?: string; weight?: number; leaf_weight?: number }[];
    throttle_read_bps_device?: DeviceRate[];
    throttle_write_bps_device?: DeviceRate[];
    throttle_read_iops_device?: DeviceRate[];
    throttle_write_iops_device?: DeviceRate[];
    attrs?: Record<string, string>;
  };
  pids?: { limit: number };
  devices?: DeviceRule[];
  hugetlb?: { page_size: string; limit: number }[];
  rdma?: Record<string, { hca_handles?: number; hca_objects?: number }>;
  network?: { class_id?: number; priorities?: { name: string; priority: number }[] };
  unified?: Record<string, string>;
}

/** bytes/s or operations/s for one device, named by number or by path (`device: /dev/mmcblk0`). */
export interface DeviceRate {
  major?: number;
  minor?: number;
  device?: string;
  rate: number;
}

/** When waiting for memory is worth an event; seconds. `level` is that of cgroups v1. */
export interface MemoryPressure {
  some?: number;
  full?: number;
  window: number;
  level: 'low' | 'medium' | 'critical';
}

/** Without `major` or `minor`: all. `access`: out of `rwm`. */
export interface DeviceRule {
  allow: boolean;
  type: 'a' | 'b' | 'c';
  major?: number;
  minor?: number;
  access: string;
}

/** What reading a manifest gives: the manifest and its warnings, or everything that is wrong with it. */
export type LoadResult =
  { ok: true; manifest: LoadedManifest; diagnostics: Diagnostic[] } | { ok: false; diagnostics: Diagnostic[] };

export interface LoadedManifest {
  manifest: Manifest;
  file: string;
  /** SHA-256 of the text, hex. */
  digest: string;
  /** The image in the package that it came in; absent for a plain file, and for a package without an image. */
  image?: ImageFile;
  /** Id of the key that signed it; absent when nobody did. */
  signer?: string;
  /** Where a key path stands in the file, or the nearest enclosing one that does. `position(['mounts', '/data', 'host'])` */
  position(path: readonly (string | number)[]): Position;
  /** The same with the columns that it takes, to be underlined. Absent where the text is not at hand any more. */
  span?(path: readonly (string | number)[], at: 'key' | 'value'): { line: number; column: number; length: number };
}
