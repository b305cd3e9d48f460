import {
  dependencyDefaults,
  healthDefaults,
  HOOK_TIMEOUT,
  logDefaults,
  stopDefaults,
  updateDefaults,
} from './defaults.ts';
import type { ManifestInput } from './generated/manifest-input.d.ts';
import type { Manifest, Stop } from './manifest.ts';
import { readDuration, readSize } from './quantities/index.ts';
import { formatStatus, readStatus } from './status-ranges.ts';
import type { Dependency, Health, Hook, Logs, Update } from './supervision.ts';
import { mapValues, valueOf } from './values.ts';
import { checkRequirement } from './versions.ts';

type Written = string | number;

/** standby, stop, health, depends_on, logs, update: the life of a container. */
export function normaliseSupervision(input: ManifestInput): Partial<Manifest> {
  return {
    ...(input.standby === undefined ? {} : { standby: input.standby }),
    ...(input.stop === undefined ? {} : { stop: stop(input.stop) }),
    ...(input.health === undefined ? {} : { health: health(input.health) }),
    ...(input.depends_on === undefined ? {} : { depends_on: mapValues(input.depends_on, dependency) }),
    ...(input.logs === undefined ? {} : { logs: logs(input.logs) }),
    ...(input.update === undefined ? {} : { update: update(input.update) }),
  };
}

export function seconds(written: Written | undefined, otherwise: number): number {
  return written === undefined ? otherwise : valueOf(readDuration(written));
}

export function secondsOrUnlimited(
  written: Written | undefined,
  otherwise: number | 'unlimited',
): number | 'unlimited' {
  const value = written ?? otherwise;
  return value === 'unlimited' ? 'unlimited' : valueOf(readDuration(value));
}

function stop(input: NonNullable<ManifestInput['stop']>): Stop {
  return {
    signal: input.signal ?? stopDefaults.signal,
    timeout: seconds(input.timeout, stopDefaults.timeout),
    ...(input.pre_stop === undefined ? {} : { pre_stop: hook(input.pre_stop) }),
    ...(input.post_stop === undefined ? {} : { post_stop: hook(input.post_stop) }),
  };
}

function hook(input: { command: string[]; timeout?: Written }): Hook {
  return { command: [...input.command], timeout: seconds(input.timeout, HOOK_TIMEOUT) };
}

function health(input: NonNullable<ManifestInput['health']>): Health {
  const { type } = input;
  const otherwise = type === 'notify' ? healthDefaults.ready : healthDefaults.start_period;
  const verdict = {
    start_period: seconds(input.start_period, otherwise),
    on_unhealthy: input.on_unhealthy ?? healthDefaults.on_unhealthy,
  };
  if (type === 'notify')
    return { type, watchdog: secondsOrUnlimited(input.watchdog, healthDefaults.watchdog), ...verdict };
  const probe = {
    ...verdict,
    interval: seconds(input.interval, healthDefaults.interval),
    timeout: seconds(input.timeout, healthDefaults.timeout),
    retries: input.retries ?? healthDefaults.retries,
  };
  const { port = 0, host = healthDefaults.host, path = healthDefaults.path } = input;
  switch (type) {
    case 'exec':
      return { type, command: [...(input.command ?? [])], ...probe };
    case 'http':
      return { type, port, host, path, status: status(input.status), ...probe };
    case 'tcp':
      return { type, port, host, ...probe };
    case 'unix':
      return { type, path, ...probe };
  }
}

function status(written: Written = healthDefaults.status): string {
  const ranges = readStatus(written);
  if ('fault' in ranges) throw new Error(`codes were not checked: ${ranges.fault}`);
  return formatStatus(ranges.ranges);
}

function dependency(input: NonNullable<ManifestInput['depends_on']>[string]): Dependency {
  if (typeof input === 'string') return { ...dependencyDefaults, condition: input as Dependency['condition'] };
  return {
    condition: input.condition ?? dependencyDefaults.condition,
    version: checkRequirement(input.version ?? dependencyDefaults.version) ?? '',
    timeout: secondsOrUnlimited(input.timeout, dependencyDefaults.timeout),
    on_exit: input.on_exit ?? dependencyDefaults.on_exit,
  };
}

function logs(input: NonNullable<ManifestInput['logs']>): Logs {
  return {
    target: input.target ?? logDefaults.target,
    size: input.size === undefined ? logDefaults.size : valueOf(readSize(input.size)),
    files: input.files ?? logDefaults.files,
    max_line: input.max_line === undefined ? logDefaults.max_line : valueOf(readSize(input.max_line)),
    rate: input.rate ?? logDefaults.rate,
    timestamps: input.timestamps ?? logDefaults.timestamps,
  };
}

function update(input: NonNullable<ManifestInput['update']>): Update {
  return {
    strategy: input.strategy ?? updateDefaults.strategy,
    probation: seconds(input.probation, updateDefaults.probation),
    on_failure: input.on_failure ?? updateDefaults.on_failure,
    keep: input.keep ?? updateDefaults.keep,
  };
}
