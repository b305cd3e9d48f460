import { readCron } from './cron.ts';
import { restartDefaults, scheduleDefaults, stopDefaults, type RestartDefaults } from './defaults.ts';
import type { ManifestInput } from './generated/manifest-input.d.ts';
import type { Manifest, Mount, Restart, Rlimit, Rootfs, Schedule, Stop } from './manifest.ts';
import { normaliseCgroups } from './normalise-cgroups.ts';
import { normaliseIsolation } from './normalise-isolation.ts';
import { readCount, readDuration, readShare, readSize } from './quantities/index.ts';
import { plainVersion } from './rules/identity.ts';
import { splitOptions } from './rules/mount-options.ts';
import { mapValues, valueOf } from './values.ts';
import { checkRequirement } from './versions.ts';

type Written = string | number;

/** What holds on a board where a manifest does not say it itself. */
export interface BoardDefaults {
  restart?: RestartDefaults;
  timeZone?: string;
}

/** Turns a manifest without faults into the one form that all consumers read. Absent sections stay absent. */
export function normalise(input: ManifestInput, board: BoardDefaults = {}): Manifest {
  const manifest: Manifest = {
    name: input.name,
    version: plainVersion(input.version),
    ...(input.init === undefined ? {} : { init: input.init }),
    ...(input.args === undefined ? {} : { args: [...input.args] }),
    ...(input.env === undefined ? {} : { env: mapValues(input.env, (text) => text) }),
    uid: input.uid,
    gid: input.gid,
  };
  if (input.suppl_groups !== undefined) manifest.suppl_groups = input.suppl_groups.toSorted();
  if (input.capabilities !== undefined) manifest.capabilities = input.capabilities.toSorted();
  if (input.rlimits !== undefined) manifest.rlimits = mapValues(input.rlimits, rlimit);
  if (input.mounts !== undefined) manifest.mounts = mapValues(input.mounts, mount);
  if (input.io !== undefined) manifest.io = { stdout: input.io.stdout, stderr: input.io.stderr };
  if (input.cgroups !== undefined) manifest.cgroups = normaliseCgroups(input.cgroups);
  if (input.autostart !== undefined) manifest.autostart = input.autostart;
  if (input.restart !== undefined) manifest.restart = restart(input.restart, { ...restartDefaults, ...board.restart });
  if (input.stop !== undefined) manifest.stop = stop(input.stop);
  if (input.schedule !== undefined) manifest.schedule = schedule(input.schedule, board.timeZone);
  if (input.hostname !== undefined) manifest.hostname = input.hostname;
  if (input.rootfs !== undefined) manifest.rootfs = rootfs(input.rootfs);
  if (input.process !== undefined) manifest.process = { privileged: input.process.privileged ?? false };
  return { ...manifest, ...normaliseIsolation(input) };
}

function rlimit(limit: { soft?: Written | null; hard?: Written | null }): Rlimit {
  return { soft: limitOf(limit.soft), hard: limitOf(limit.hard) };
}

function limitOf(value: Written | null | undefined): number | null {
  if (value === undefined || value === null || value === 2 ** 64) return null;
  const number = valueOf(readCount(value, Infinity));
  return number === Infinity ? null : number;
}

function mount(input: NonNullable<ManifestInput['mounts']>[string]): Mount {
  switch (input.type) {
    case 'bind':
      return {
        type: 'bind',
        host: input.host ?? '',
        ...options(input.options),
        ...(input.optional === undefined ? {} : { optional: input.optional }),
      };
    case 'tmpfs':
      return { type: 'tmpfs', size: valueOf(readSize(input.size ?? 0)) };
    case 'proc':
    case 'dev':
    case 'sysfs':
    case 'sockets':
      return { type: input.type };
    case 'persist':
      return { type: 'persist', ...(input.mode === undefined ? {} : { mode: input.mode }) };
    case 'resource':
      return {
        type: 'resource',
        name: input.name ?? '',
        version: checkRequirement(input.version ?? '') ?? '',
        dir: input.dir ?? '',
        ...options(input.options),
      };
  }
}

function options(written = ''): { options?: string } {
  const words = [...new Set(splitOptions(written))].toSorted().join(',');
  return words === '' ? {} : { options: words };
}

function seconds(written: Written | undefined, otherwise: number): number {
  return written === undefined ? otherwise : valueOf(readDuration(written));
}

function restart(input: NonNullable<ManifestInput['restart']>, defaults: Restart): Restart {
  if (typeof input === 'string') return { ...defaults, policy: input as Restart['policy'] };
  const count = valueOf(readCount(input.max_restarts ?? 'unlimited', Infinity));
  return {
    policy: input.policy,
    initial_delay: seconds(input.initial_delay, defaults.initial_delay),
    max_delay: seconds(input.max_delay, defaults.max_delay),
    multiplier: input.multiplier ?? defaults.multiplier,
    jitter: input.jitter === undefined ? defaults.jitter : valueOf(readShare(input.jitter)),
    reset_after: seconds(input.reset_after, defaults.reset_after),
    max_restarts: count === Infinity ? 'unlimited' : count,
  };
}

function stop(input: NonNullable<ManifestInput['stop']>): Stop {
  return {
    signal: input.signal ?? stopDefaults.signal,
    timeout: seconds(input.timeout, stopDefaults.timeout),
  };
}

function schedule(input: NonNullable<ManifestInput['schedule']>, zoneOfBoard?: string): Schedule {
  const long = typeof input === 'string' ? { cron: input } : input;
  const cron = readCron(long.cron);
  if ('fault' in cron) throw new Error(`a schedule was not checked: ${cron.fault.reason}`);
  const limit = long.max_runtime ?? 'unlimited';
  return {
    cron: cron.text,
    time_zone: long.time_zone ?? zoneOfBoard ?? scheduleDefaults.time_zone,
    overlap: long.overlap ?? scheduleDefaults.overlap,
    catch_up: long.catch_up ?? scheduleDefaults.catch_up,
    catch_up_window: seconds(long.catch_up_window, scheduleDefaults.catch_up_window),
    jitter: seconds(long.jitter, scheduleDefaults.jitter),
    max_runtime: limit === 'unlimited' ? 'unlimited' : valueOf(readDuration(limit)),
  };
}

function rootfs(input: NonNullable<ManifestInput['rootfs']>): Rootfs {
  if (typeof input === 'string')
    return input === 'host' || input === 'package' ? { type: input } : { type: 'dir', path: input };
  if (input.type === 'package') return { type: 'package' };
  if (input.type === 'dir') return { type: 'dir', path: input.path ?? '' };
  return { type: 'host', ...(input.folders === undefined ? {} : { folders: [...input.folders] }) };
}
