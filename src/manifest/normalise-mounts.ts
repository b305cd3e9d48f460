import { deviceDefaults, OVERLAY_SIZE } from './defaults.ts';
import type { ManifestInput } from './generated/manifest-input.d.ts';
import type { Manifest, Mount } from './manifest.ts';
import { secondsOrUnlimited } from './normalise-supervision.ts';
import { readSize } from './quantities/index.ts';
import { orderedAccess } from './rules/device-access.ts';
import { splitOptions } from './rules/mount-options.ts';
import { mapValues, valueOf } from './values.ts';
import { checkRequirement } from './versions.ts';

export function normaliseMounts(input: NonNullable<ManifestInput['mounts']>): NonNullable<Manifest['mounts']> {
  return mapValues(input, mount);
}

type MountInput = NonNullable<ManifestInput['mounts']>[string];

function mount(input: MountInput): Mount {
  switch (input.type) {
    case 'bind':
      return { type: 'bind', host: input.host ?? '', ...options(input.options), ...optional(input) };
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
    case 'device':
      return {
        type: 'device',
        host: input.host ?? '',
        access: orderedAccess(input.access ?? deviceDefaults.access),
        mode: input.mode ?? deviceDefaults.mode,
        ...optional(input),
        wait: secondsOrUnlimited(input.wait, deviceDefaults.wait),
      };
    case 'overlay':
      return overlay(input);
  }
}

function overlay(input: MountInput): Mount {
  const lower = [...(input.lower ?? [])];
  if (input.upper === 'persist') return { type: 'overlay', lower, upper: 'persist' };
  const size = input.size === undefined ? OVERLAY_SIZE : valueOf(readSize(input.size));
  return { type: 'overlay', lower, upper: 'tmpfs', size };
}

function optional(input: MountInput): { optional?: boolean } {
  return input.optional === undefined ? {} : { optional: input.optional };
}

function options(written = ''): { options?: string } {
  const words = [...new Set(splitOptions(written))].toSorted().join(',');
  return words === '' ? {} : { options: words };
}
