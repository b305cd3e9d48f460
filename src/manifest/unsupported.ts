import { isDeepStrictEqual } from 'node:util';
import { version } from '../base/index.ts';
import { updateDefaults } from './defaults.ts';
import type { Manifest } from './manifest.ts';
import { formatPath, type KeyPath } from './tree.ts';

/**
 * Everything that a manifest can say and this version cannot execute, in one table. `*` stands for any name. Such a manifest is sound; its
 * container is refused at the start with TH1107: never ignored, and never called unknown.
 */
export const unsupportedKeys: readonly string[] = [
  'standby',
  'health',
  'depends_on',
  'logs',
  'update',
  'stop.pre_stop',
  'stop.post_stop',
];

/** Values that are refused in the same way, by the key they stand at. */
export const unsupportedValues: Readonly<Record<string, readonly string[]>> = {};

/** Values of those keys that ask for what happens anyway. */
export const supportedValues: Readonly<Record<string, readonly unknown[]>> = {
  standby: [false],
  depends_on: [{}],
  update: [updateDefaults],
};

/** A part of a manifest that this version cannot execute. */
export interface NotSupported {
  path: KeyPath;
  /** Whether it is the value that cannot be executed, not the key whatever its value is. */
  at: 'key' | 'value';
  message: string;
  hint: string;
}

/** The tables by step of a path, so that a manifest is only looked at where something may stand. */
interface Branch {
  next: Map<string, Branch>;
  /** Whatever stands here cannot be executed, but for these values. */
  except?: readonly unknown[];
  /** These words cannot be executed here. */
  words?: readonly string[];
}

const root = branches();

function branches(): Branch {
  const all: Branch = { next: new Map() };
  const at = (pattern: string): Branch => {
    let branch = all;
    for (const step of pattern.split('.')) {
      const next: Branch = branch.next.get(step) ?? { next: new Map() };
      branch.next.set(step, next);
      branch = next;
    }
    return branch;
  };
  for (const key of unsupportedKeys)
    at(key).except = Object.hasOwn(supportedValues, key) ? (supportedValues[key] ?? []) : [];
  for (const [key, words] of Object.entries(unsupportedValues)) at(key).words = words;
  return all;
}

/** All parts of a manifest that this version cannot execute, in the order of the manifest. */
export function unsupportedIn(manifest: Manifest): NotSupported[] {
  const found: NotSupported[] = [];
  const visit = (value: unknown, branch: Branch, path: readonly string[]): void => {
    if (typeof value === 'string' && branch.words?.includes(value) === true) found.push(word(path, value));
    else if (branch.except?.some((one) => isDeepStrictEqual(one, value)) === false) found.push(whole(path));
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        const next = branch.next.get(key) ?? branch.next.get('*');
        if (next !== undefined) visit(inner, next, [...path, key]);
      }
  };
  visit(manifest, root, []);
  return found;
}

function whole(path: KeyPath): NotSupported {
  return { path, at: 'key', ...refusal(formatPath(path), 'it') };
}

function word(path: KeyPath, value: string): NotSupported {
  // Without its type a mount is none.
  const without = path.at(-1) === 'type' ? path.slice(0, -1) : path;
  return { path, at: 'value', ...refusal(`${formatPath(path)}: ${value}`, `\`${formatPath(without)}\``) };
}

function refusal(what: string, remove: string): { message: string; hint: string } {
  return {
    message: `\`${what}\` is understood but not supported by ${version}`,
    hint: `remove ${remove} to start now`,
  };
}
