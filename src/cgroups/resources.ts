import type { DeviceRule } from './devices/rule.ts';

/** A rate limit of one block device: bytes or operations per second. */
export interface DeviceRate {
  major?: number;
  minor?: number;
  /** A path below /dev, resolved through `Machine.blockDevices`. */
  device?: string;
  rate: number;
}

export interface DeviceWeight {
  major?: number;
  minor?: number;
  device?: string;
  weight?: number;
  leaf_weight?: number;
}

/**
 * What a container may use, in the manifest's own words (`cgroups` without `enforce`). Sizes are bytes, times are
 * microseconds, -1 means unlimited. `memory_swap_limit` is memory plus swap, as in OCI and Northstar.
 */
export interface Resources {
  memory?: {
    memory_hard_limit?: number;
    memory_soft_limit?: number;
    memory_swap_limit?: number;
    kernel_memory_limit?: number;
    kernel_tcp_memory_limit?: number;
    swappiness?: number;
    oom_kill_disable?: boolean;
    oom_group?: boolean;
    /** Has no file: Thuban always watches for out-of-memory. */
    oom_monitor?: boolean;
    /** Raw files of the controller, written after the keys above. */
    attrs?: Record<string, string>;
    pressure?: PressureResources;
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
    /** Raw files of the controller, written after the keys above. */
    attrs?: Record<string, string>;
  };
  blkio?: {
    weight?: number;
    leaf_weight?: number;
    weight_device?: DeviceWeight[];
    throttle_read_bps_device?: DeviceRate[];
    throttle_write_bps_device?: DeviceRate[];
    throttle_read_iops_device?: DeviceRate[];
    throttle_write_iops_device?: DeviceRate[];
    /** Raw files of the controller, written after the keys above. */
    attrs?: Record<string, string>;
  };
  pids?: { limit: number };
  hugetlb?: { page_size: string; limit: number }[];
  rdma?: Record<string, { hca_handles?: number; hca_objects?: number }>;
  network?: { class_id?: number; priorities?: { name: string; priority: number }[] };
  devices?: DeviceRule[];
  /** Raw files of cgroup v2, written last and over everything else. */
  unified?: Record<string, string>;
}

/** From when on waiting for memory is told: seconds of stall in each window (v2), or a level (v1). */
export interface PressureResources {
  some?: number;
  full?: number;
  window?: number;
  level?: 'low' | 'medium' | 'critical';
}

export type MemoryResources = NonNullable<Resources['memory']>;
export type CpuResources = NonNullable<Resources['cpu']>;
export type BlkioResources = NonNullable<Resources['blkio']>;
