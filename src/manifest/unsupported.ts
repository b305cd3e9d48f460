import { isDeepStrictEqual } from 'node:util';
import { version } from '../base/index.ts';
import { updateDefaults } from './defaults.ts';
import { matches } from './language.ts';
import type { Manifest } from './manifest.ts';
import { formatPath, type KeyPath } from './tree.ts';

/**
 * Everything that a manifest can say and this version cannot execute, in one table. `*` stands for any name. Such a manifest is sound; its
 * container is refused at the start with TH1107: never ignored, and never called unknown.
 */
export const unsupportedKeys: readonly string[] = [
  'console',
  'sched',
  'network',
  'seccomp',
  'selinux',
  'sockets',
  'standby',
  'health',
  'depends_on',
  'logs',
  'update',
  'stop.pre_stop',
  'stop.post_stop',
  'paths.masked',
  'paths.read_only',
  'user_namespace',
  'apparmor',
  'cgroups.parent',
  'cgroups.devices',
  'cgroups.memory.pressure',
  'cgroups.memory.attrs',
  'cgroups.cpu.attrs',
  'cgroups.blkio.attrs',
];

/** Values that are refused in the same way, by the key they stand at. */
export const unsupportedValues: Readonly<Record<string, readonly string[]>> = {
  'mounts.*.type': ['persist', 'sockets', 'device', 'overlay'],
  'rootfs.overlay': ['tmpfs', 'persist'],
};

/** Values of those keys that ask for what happens anyway. */
export const supportedValues: Readonly<Record<string, readonly unknown[]>> = {
  network: ['none'],
  standby: [false],
  depends_on: [{}],
  update: [updateDefaults],
  // Nothing is hidden, and /proc and /sys are mounted read-only as a whole.
  'paths.masked': ['none', []],
  'paths.read_only': ['default'],
};

/** A part of a manifest that this version cannot execute. */
export interface NotSupported {
  path: KeyPath;
  /** Whether it is the value that cannot be executed, not the key whatever its value is. */
  at: 'key' | 'value';
  message: string;
  hint: string;
}

/** All parts of a manifest that this version cannot execute, in the order of the manifest. */
export function unsupportedIn(manifest: Manifest): NotSupported[] {
  const found: NotSupported[] = [];
  const visit = (value: unknown, path: KeyPath): void => {
    if (path.length > 0 && isUnsupported(path, value)) {
      const isWord = typeof value === 'string' && unsupportedWord(path, value);
      const what = isWord ? `${formatPath(path)}: ${value}` : formatPath(path);
      const whole = isWord && path.at(-1) === 'type' ? path.slice(0, -1) : path;
      found.push({
        path,
        at: isWord ? 'value' : 'key',
        message: `\`${what}\` is understood but not supported by ${version}`,
        hint: `remove ${whole === path ? 'it' : `\`${formatPath(whole)}\``} to start now`,
      });
    } else if (Array.isArray(value))
      value.forEach((item, i) => {
        visit(item, [...path, i]);
      });
    else if (typeof value === 'object' && value !== null && path[0] !== 'custom')
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  };
  visit(manifest, []);
  return found;
}

function unsupportedWord(path: KeyPath, word: string): boolean {
  return Object.entries(unsupportedValues).some(([pattern, words]) => words.includes(word) && matches(pattern, path));
}

function isUnsupported(path: KeyPath, value: unknown): boolean {
  if (typeof value === 'string' && unsupportedWord(path, value)) return true;
  const pattern = unsupportedKeys.find((key) => matches(key, path));
  if (pattern === undefined) return false;
  const harmless = Object.hasOwn(supportedValues, pattern) ? (supportedValues[pattern] ?? []) : [];
  return !harmless.some((one) => isDeepStrictEqual(one, value));
}
