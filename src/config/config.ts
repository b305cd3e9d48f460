import type { Diagnostic } from '../base/index.ts';

/** The configuration after validation and normalisation: sizes are bytes, durations are seconds, paths are clean. */
export interface Config {
  run_dir: string;
  /** Where that is kept what must survive a boot. */
  data_dir: string;
  /** By name, at least one. */
  repositories: Record<string, Repository>;
  /** Seconds. */
  watch: { debounce: number; rescan: number };
  cgroups: {
    /** `self` or an absolute path inside of the cgroup mount. */
    parent: string;
    name: string;
    /** What manifests without `cgroups.enforce` mean. */
    enforce: 'strict' | 'best_effort';
    /** Bytes. 0: nothing is protected. */
    supervisor_memory_min: number;
  };
  console: {
    sockets: ConsoleSocket[];
    limits: ConsoleLimits;
    /** Events kept for replay. */
    event_history: number;
  };
  start: { concurrency: number };
  /** Seconds for all containers to stop; then everything is killed. */
  shutdown: { timeout: number };
  /** What manifests mean that ask for a restart without values of their own. Delays in seconds, jitter 0 to 1. */
  restart: { initial_delay: number; max_delay: number; multiplier: number; jitter: number; reset_after: number };
  /** Sizes in bytes; `rate` in lines per second. */
  logs: { target: 'memory'; size: number; files: number; max_line: number; rate: number; total_size: number };
  schedule: {
    clock_gate: 'auto' | 'synchronized' | 'off';
    /** Seconds. */
    clock_gate_timeout: number;
    /** Of schedules that name none. */
    time_zone: string;
  };
  daemon: {
    log_level: 'error' | 'warn' | 'info' | 'debug';
    /** Whole seconds, at least 1. */
    lease: number;
  };
}

export interface Repository {
  type: 'dir';
  dir: string;
  /** Files of public keys, absolute paths, each once. */
  keys: string[];
  /** Then there is at least one key. */
  require_signature: boolean;
  capacity_number: number | 'unlimited';
  /** Bytes. */
  capacity_size: number | 'unlimited';
}

export interface ConsoleSocket {
  path: string;
  mode: number;
  /** A user, by name or number; whether it exists is found out where the socket is made. */
  owner: string;
  /** A group, by name or number. */
  group: string;
  /** Sorted as in the schema, each once. */
  permissions: 'full' | Permission[];
}

/** In the order of the schema. */
export const permissions = [
  'list',
  'inspect',
  'events',
  'logs',
  'start',
  'start_command',
  'exec',
  'stop',
  'restart',
  'kill',
  'pause',
  'update',
  'shutdown',
  'install',
  'uninstall',
  'repositories',
  'apply',
  'stats',
  'ident',
] as const;

export type Permission = (typeof permissions)[number];

export interface ConsoleLimits {
  /** For each socket, as are the requests. */
  connections: number;
  requests_per_second: number;
  /** Bytes. */
  request_size: number;
  /** Bytes. */
  install_size: number;
  /** Seconds. */
  stream_timeout: number;
  /** Seconds. */
  idle_timeout: number | 'unlimited';
}

export type LayerName = 'default' | 'file' | 'drop-in' | 'environment' | 'flag';

/** Where a value was set. `where` is `FILE:LINE`, the variable or the flag; a default has none. */
export interface Origin {
  layer: LayerName;
  where?: string;
}

/** Of every value of a configuration, by path: `console.sockets[0].group`. A list of words is one value. */
export type Origins = ReadonlyMap<string, Origin>;

/** By file, variable or flag, as the diagnostics name it: the text for their frames. */
export type Texts = ReadonlyMap<string, string>;

export type ConfigResult =
  | { ok: true; config: Config; origins: Origins; diagnostics: Diagnostic[]; texts: Texts }
  | { ok: false; diagnostics: Diagnostic[]; texts: Texts };
