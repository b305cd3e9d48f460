import { readCount, readDuration, readShare, readSize, valueOf, type Reading } from '../manifest/index.ts';
import { cleanPath } from './check-text.ts';
import { permissions, type Config, type ConsoleSocket, type Repository } from './config.ts';
import type { ConfigInput } from './generated/config-input.d.ts';

/** All keys with a default are there. */
type Full<T> = T extends object
  ? { [K in keyof T]-?: T[K] extends unknown[] | undefined ? NonNullable<T[K]> : Full<NonNullable<T[K]>> }
  : T;

type Written = string | number;
type RepositoryInput = Full<NonNullable<ConfigInput['repositories']>[string]>;
type Socket = NonNullable<NonNullable<ConfigInput['console']>['sockets']>[number];

/** Turns complete values without faults into the one form that the daemon reads. */
export function normalise(values: unknown): Config {
  // Every value was checked, and every default of the schema was filled in.
  const input = values as Full<ConfigInput>;
  const { console, restart, logs } = input;
  return {
    run_dir: cleanPath(input.run_dir),
    data_dir: cleanPath(input.data_dir),
    repositories: Object.fromEntries(
      Object.entries(input.repositories).map(([name, repository]) => [name, normaliseRepository(repository)]),
    ),
    watch: {
      debounce: valueOf(readDuration(input.watch.debounce)),
      rescan: valueOf(readDuration(input.watch.rescan)),
    },
    cgroups: {
      ...input.cgroups,
      parent: input.cgroups.parent === 'self' ? 'self' : cleanPath(input.cgroups.parent),
      supervisor_memory_min: valueOf(readSize(input.cgroups.supervisor_memory_min)),
    },
    console: {
      sockets: console.sockets.map((socket) => normaliseSocket(socket as Required<Socket>)),
      limits: {
        connections: console.limits.connections,
        requests_per_second: console.limits.requests_per_second,
        request_size: valueOf(readSize(console.limits.request_size)),
        install_size: valueOf(readSize(console.limits.install_size)),
        stream_timeout: valueOf(readDuration(console.limits.stream_timeout)),
        idle_timeout: orUnlimited(console.limits.idle_timeout, readDuration),
      },
      event_history: console.event_history,
    },
    start: { concurrency: input.start.concurrency },
    shutdown: { timeout: valueOf(readDuration(input.shutdown.timeout)) },
    restart: {
      initial_delay: valueOf(readDuration(restart.initial_delay)),
      max_delay: valueOf(readDuration(restart.max_delay)),
      multiplier: restart.multiplier,
      jitter: valueOf(readShare(restart.jitter)),
      reset_after: valueOf(readDuration(restart.reset_after)),
    },
    logs: {
      target: logs.target,
      size: valueOf(readSize(logs.size)),
      files: logs.files,
      max_line: valueOf(readSize(logs.max_line)),
      rate: logs.rate,
      total_size: valueOf(readSize(logs.total_size)),
    },
    schedule: {
      clock_gate: input.schedule.clock_gate,
      clock_gate_timeout: valueOf(readDuration(input.schedule.clock_gate_timeout)),
      time_zone: input.schedule.time_zone,
    },
    // The launcher counts whole seconds.
    daemon: { log_level: input.daemon.log_level, lease: Math.ceil(valueOf(readDuration(input.daemon.lease))) },
  };
}

function normaliseRepository(input: RepositoryInput): Repository {
  return {
    type: input.type,
    dir: cleanPath(input.dir),
    keys: input.keys.map(cleanPath),
    require_signature: input.require_signature,
    capacity_number: orUnlimited(input.capacity_number, readNumber),
    capacity_size: orUnlimited(input.capacity_size, readSize),
  };
}

function readNumber(written: Written): Reading {
  return readCount(written, Infinity);
}

function orUnlimited(written: Written, read: (written: Written) => Reading): number | 'unlimited' {
  return written === 'unlimited' ? 'unlimited' : valueOf(read(written));
}

function normaliseSocket(socket: Required<Socket>): ConsoleSocket {
  const { mode, owner, group, permissions: given } = socket;
  return {
    path: cleanPath(socket.path),
    mode,
    owner,
    group,
    permissions: typeof given === 'string' ? 'full' : permissions.filter((permission) => given.includes(permission)),
  };
}
