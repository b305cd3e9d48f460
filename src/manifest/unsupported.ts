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

/** Values of those keys that ask for what happens anyway. */
export const supportedValues: Readonly<Record<string, readonly unknown[]>> = {
  standby: [false],
  depends_on: [{}],
  update: [updateDefaults],
};

/** A part of a manifest that this version cannot execute. */
export interface NotSupported {
  path: KeyPath;
  message: string;
  hint: string;
}

/** The tables by step of a path, so that a manifest is only looked at where something may stand. */
interface Branch {
  next: Map<string, Branch>;
  /** Whatever stands here cannot be executed, but for these values. */
  except?: readonly unknown[];
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
  return all;
}

/** All parts of a manifest that this version cannot execute, in the order of the manifest. */
export function unsupportedIn(manifest: Manifest): NotSupported[] {
  const found: NotSupported[] = [];
  const visit = (value: unknown, branch: Branch, path: readonly string[]): void => {
    if (branch.except?.some((one) => isDeepStrictEqual(one, value)) === false) found.push(notSupported(path));
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        const next = branch.next.get(key) ?? branch.next.get('*');
        if (next !== undefined) visit(inner, next, [...path, key]);
      }
  };
  visit(manifest, root, []);
  return found;
}

function notSupported(path: KeyPath): NotSupported {
  const message = `\`${formatPath(path)}\` is understood but not supported by ${version}`;
  return { path, message, hint: 'remove it to start now' };
}
