import { readCron } from './cron.ts';
import { OVERLAY_SIZE, restartDefaults, scheduleDefaults, type RestartDefaults } from './defaults.ts';
import type { ManifestInput } from './generated/manifest-input.d.ts';
import type { Manifest, Overlay, Process, Restart, Rlimit, Rootfs, Schedule } from './manifest.ts';
import { normaliseCgroups } from './normalise-cgroups.ts';
import { normaliseIsolation } from './normalise-isolation.ts';
import { normaliseMounts } from './normalise-mounts.ts';
import { normaliseSupervision, seconds, secondsOrUnlimited } from './normalise-supervision.ts';
import { readCount, readShare, readSize } from './quantities/index.ts';
import { plainVersion } from './rules/identity.ts';
import { mapValues, valueOf } from './values.ts';

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
  if (input.mounts !== undefined) manifest.mounts = normaliseMounts(input.mounts);
  if (input.io !== undefined) manifest.io = { stdout: input.io.stdout, stderr: input.io.stderr };
  if (input.cgroups !== undefined) manifest.cgroups = normaliseCgroups(input.cgroups);
  if (input.autostart !== undefined) manifest.autostart = input.autostart;
  if (input.restart !== undefined) manifest.restart = restart(input.restart, { ...restartDefaults, ...board.restart });
  if (input.schedule !== undefined) manifest.schedule = schedule(input.schedule, board.timeZone);
  if (input.hostname !== undefined) manifest.hostname = input.hostname;
  if (input.rootfs !== undefined) manifest.rootfs = rootfs(input.rootfs);
  if (input.process !== undefined) manifest.process = process(input.process);
  return { ...manifest, ...normaliseSupervision(input), ...normaliseIsolation(input) };
}

function rlimit(limit: { soft?: Written | null; hard?: Written | null }): Rlimit {
  return { soft: limitOf(limit.soft), hard: limitOf(limit.hard) };
}

function limitOf(value: Written | null | undefined): number | null {
  if (value === undefined || value === null || value === 2 ** 64) return null;
  const number = valueOf(readCount(value, Infinity));
  return number === Infinity ? null : number;
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

function schedule(input: NonNullable<ManifestInput['schedule']>, zoneOfBoard?: string): Schedule {
  const long = typeof input === 'string' ? { cron: input } : input;
  const cron = readCron(long.cron);
  if ('fault' in cron) throw new Error(`a schedule was not checked: ${cron.fault.reason}`);
  return {
    cron: cron.text,
    time_zone: long.time_zone ?? zoneOfBoard ?? scheduleDefaults.time_zone,
    overlap: long.overlap ?? scheduleDefaults.overlap,
    catch_up: long.catch_up ?? scheduleDefaults.catch_up,
    catch_up_window: seconds(long.catch_up_window, scheduleDefaults.catch_up_window),
    jitter: seconds(long.jitter, scheduleDefaults.jitter),
    max_runtime: secondsOrUnlimited(long.max_runtime, scheduleDefaults.max_runtime),
  };
}

/** Only what is set: the rest is as `processDefaults` says. */
function process({ privileged = false, ...rest }: NonNullable<ManifestInput['process']>): Process {
  return { privileged, ...rest };
}

function rootfs(input: NonNullable<ManifestInput['rootfs']>): Rootfs {
  if (typeof input === 'string')
    return input === 'host' || input === 'package' ? { type: input } : { type: 'dir', path: input };
  if (input.type === 'package') return { type: 'package', ...overlay(input) };
  if (input.type === 'dir') return { type: 'dir', path: input.path ?? '', ...overlay(input) };
  return { type: 'host', ...(input.folders === undefined ? {} : { folders: [...input.folders] }) };
}

function overlay(input: { overlay?: 'none' | 'tmpfs' | 'persist'; overlay_size?: Written }): Overlay {
  if (input.overlay === undefined || input.overlay === 'none') return {};
  if (input.overlay === 'persist') return { overlay: 'persist' };
  const size = input.overlay_size === undefined ? OVERLAY_SIZE : valueOf(readSize(input.overlay_size));
  return { overlay: 'tmpfs', overlay_size: size };
}
