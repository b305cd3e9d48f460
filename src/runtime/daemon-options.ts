import type { RestartDefaults } from '../manifest/index.ts';
import type { ConsoleHost } from './consoles.ts';
import type { LogLimits } from './log-store.ts';
import type { RepositoryOptions } from './repository/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Writes one line of the daemon's own log. */
export type DaemonLog = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

export interface DaemonOptions {
  runDir: string;
  /** By name. */
  repositories: Readonly<Record<string, RepositoryOptions>>;
  /** Bytes of the largest package that is installed. */
  installSize: number;
  /** Seconds that a package waits while none of those before it comes to its end. */
  installPatience: number;
  /** Seconds: how long a file has to hold still before it is read; how often all folders are looked at, whatever the kernel tells. */
  watch: { debounce: number; rescan: number };
  /** What must survive a boot. */
  dataDir: string;
  schedule: {
    /** When the clock of the board is believed. Seconds. */
    gate: { mode: 'auto' | 'synchronized' | 'off'; timeout: number };
    /** Zone of schedules that name none. */
    timeZone: string;
  };
  cgroups: {
    parent: string;
    name: string;
    enforce: 'strict' | 'best_effort';
    /** Bytes. */
    supervisor_memory_min: number;
  };
  /** Seconds that containers outlive the daemon. */
  lease: number;
  /** How many containers that start by themselves do so at once. */
  concurrency: number;
  /** Seconds for the orderly end of all containers; then they are killed. */
  shutdownTimeout: number;
  logs: LogLimits;
  /** What manifests mean that ask for a restart without values of their own. */
  restart: RestartDefaults;
  /** Events kept for replay. */
  eventHistory: number;
  /** What answers containers that have a console. */
  consoles: ConsoleHost;
  /** Paths of the console sockets, removed with the rest when nobody comes back. */
  sockets: readonly string[];
  log: DaemonLog;
}
