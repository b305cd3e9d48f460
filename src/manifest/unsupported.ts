import { version } from '../base/index.ts';
import type { Finding } from './report.ts';
import type { KeyPath } from './tree.ts';
import { formatPath } from './tree.ts';

/**
 * Everything that the manifest language knows and this version cannot execute, in one table. `*` stands for any
 * name. Such a key is refused with TH1107: never ignored, and never called unknown.
 */
export const unsupportedKeys: readonly string[] = [
  'console',
  'sched',
  'network',
  'seccomp',
  'selinux',
  'sockets',
  'custom',
  'standby',
  'health',
  'depends_on',
  'schedule',
  'logs',
  'update',
  'paths',
  'user_namespace',
  'apparmor',
  'process.working_dir',
  'process.umask',
  'process.oom_score_adj',
  'process.no_new_privs',
  'process.new_session',
  'stop.pre_stop',
  'stop.post_stop',
  'rootfs.overlay_size',
  'cgroups.parent',
  'cgroups.devices',
  'cgroups.memory.attrs',
  'cgroups.memory.pressure',
  'cgroups.cpu.attrs',
  'cgroups.blkio.attrs',
];

/** Values that are refused in the same way, by the key they stand at. */
export const unsupportedValues: Readonly<Record<string, readonly string[]>> = {
  'mounts.*.type': ['persist', 'resource', 'sockets', 'device', 'overlay'],
  rootfs: ['package'],
  'rootfs.type': ['package'],
  'rootfs.overlay': ['tmpfs', 'persist'],
};

/** Whether a key is one that this version understands and refuses. */
export function isUnsupportedKey(path: KeyPath): boolean {
  return unsupportedKeys.some((pattern) => matches(pattern, path));
}

/** Whether a value is one that this version understands and refuses. */
export function isUnsupportedValue(path: KeyPath, value: unknown): boolean {
  return Object.entries(unsupportedValues).some(
    ([pattern, values]) => matches(pattern, path) && values.some((word) => word === value),
  );
}

/** The unsupported keys that could stand directly in a map. */
export function unsupportedKeysIn(path: KeyPath): string[] {
  const depth = path.length + 1;
  return unsupportedKeys
    .map((pattern) => pattern.split('.'))
    .filter((steps) => steps.length === depth && matches(steps.slice(0, -1).join('.'), path))
    .map((steps) => steps.at(-1) ?? '');
}

/** The refusal of a key or of `key: value`. What stands below it is not looked at. */
export function refusal(path: KeyPath, value?: string): Finding {
  const what = value === undefined ? formatPath(path) : `${formatPath(path)}: ${value}`;
  const message = `\`${what}\` is understood but not supported by ${version}`;
  const hint = value === undefined ? 'remove it to start now' : 'remove it, or choose another value, to start now';
  const covers = value !== undefined && path[0] === 'mounts' ? path.slice(0, 2) : path;
  return { code: 'TH1107', message, hint, at: value === undefined ? 'key' : 'value', covers };
}

function matches(pattern: string, path: KeyPath): boolean {
  const steps = pattern === '' ? [] : pattern.split('.');
  return steps.length === path.length && steps.every((step, i) => step === '*' || step === path[i]);
}
