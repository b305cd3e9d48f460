/** What sections of a manifest about the life of a container become: whether it does its work, whom it waits for, what is kept of it. */

interface Verdict {
  /** Seconds in which failures do not count; with `notify`: until the program must be ready. */
  start_period: number;
  /** `restart`: whatever the restart policy says. `kill`: it decides. */
  on_unhealthy: 'restart' | 'kill' | 'none';
}

interface Probe extends Verdict {
  /** Seconds from the end of a check to the start of the next. */
  interval: number;
  /** Seconds. */
  timeout: number;
  /** Failures in a row that make it unhealthy. */
  retries: number;
}

export type Health =
  | ({ type: 'exec'; command: string[] } & Probe)
  /** `status`: ranges of codes as `readStatus` reads them, `200-399`. */
  | ({ type: 'http'; port: number; host: string; path: string; status: string } & Probe)
  | ({ type: 'tcp'; port: number; host: string } & Probe)
  | ({ type: 'unix'; path: string } & Probe)
  /** sd_notify(3). `watchdog`: seconds between two `WATCHDOG=1`. */
  | ({ type: 'notify'; watchdog: number | 'unlimited' } & Verdict);

/** What a container waits for before it starts; the key is the name of the other container. */
export interface Dependency {
  condition: 'started' | 'healthy' | 'completed';
  /** The requirement that a version of the other container has to meet; `*` is any. */
  version: string;
  /** Seconds. */
  timeout: number | 'unlimited';
  /** What happens to this container when the other one exits. */
  on_exit: 'ignore' | 'restart' | 'stop';
}

/** A command beside the program. */
export interface Hook {
  command: string[];
  /** Seconds. */
  timeout: number;
}

/** What is kept of the output. */
export interface Logs {
  target: 'memory' | 'file' | 'journald' | 'none';
  /** Bytes of the largest file. */
  size: number;
  files: number;
  /** Bytes. */
  max_line: number;
  /** Lines per second. */
  rate: number;
  timestamps: boolean;
}

/** What a newer version in the repository does to the running one. */
export interface Update {
  strategy: 'manual' | 'replace';
  /** Seconds that the new version must run before it counts as good. */
  probation: number;
  on_failure: 'rollback' | 'stay';
  /** Older versions that are kept. */
  keep: number;
}
