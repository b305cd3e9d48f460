import type { Attribute } from '../launcher/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { isBelow, type LaunchDraft } from './plan-draft.ts';

/**
 * What tells of the whole board, or of its memory. Beside what other runtimes hide there is less of two: /sys/firmware/devicetree says which
 * board this is, and /proc/asound which sound cards there are, as programs of a board ask.
 */
const MASKED = [
  ...['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/sched_debug', '/proc/scsi'],
  ...['/proc/timer_list', '/proc/timer_stats', '/sys/devices/virtual/powercap'],
  ...['/sys/firmware/acpi', '/sys/firmware/dmi', '/sys/firmware/efi'],
] as const;

/** Northstar's way to mount /proc and /sys; without `ro` where the manifest itself says what of them is read-only. */
export function kernelView({ paths }: Manifest): Attribute[] {
  const { read_only: readOnly = 'default' } = paths ?? {};
  return [...(readOnly === 'default' ? (['ro'] as const) : []), 'nosuid', 'nodev', 'noexec'];
}

/** After all mounts: what is hidden of them, and what is made read-only. */
export function planPaths({ paths = {}, mounts = {} }: Manifest, draft: LaunchDraft): void {
  const { masked = 'default', read_only: readOnly = 'default' } = paths;
  const places = Object.entries(mounts).flatMap(([target, { type }]) =>
    type === 'proc' || type === 'sysfs' ? [{ target: target.startsWith('/') ? target : `/${target}`, type }] : [],
  );
  const hidden = typeof masked === 'string' ? (masked === 'default' ? defaultsIn(places) : []) : masked;
  if (hidden.length > 0) draft.steps.push({ op: 'mask', paths: hidden, key: 'paths.masked' });
  if (typeof readOnly !== 'string' && readOnly.length > 0)
    draft.steps.push({ op: 'read_only', paths: readOnly, key: 'paths.read_only' });
}

/** The list is of the usual places; /proc and /sys may be mounted elsewhere. */
function defaultsIn(places: readonly { target: string; type: 'proc' | 'sysfs' }[]): string[] {
  return places.flatMap(({ target, type }) => {
    const usual = type === 'proc' ? '/proc' : '/sys';
    const base = target === '/' ? '' : target;
    return MASKED.filter((path) => isBelow(path, usual)).map((path) => base + path.slice(usual.length));
  });
}
