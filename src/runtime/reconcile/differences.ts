import type { LoadedManifest, Manifest } from '../../manifest/index.ts';

/** One key that two manifests disagree about. null: the key is not there. */
export interface Difference {
  /** `cgroups.memory.memory_hard_limit`, `args[1]`. */
  key: string;
  from: unknown;
  to: unknown;
  /** Line of the key in the new file; absent when the new one does not have it. */
  line?: number;
}

/** Pure: where two normalised manifests differ, key by key, in the order of the new one. */
export function differences(from: Manifest, to: LoadedManifest): Difference[] {
  return compare(from, to.manifest, []).map(({ path, from, to: value }) => ({
    key: textOf(path),
    from,
    to: value,
    ...(value === null ? {} : { line: to.position(path).line }),
  }));
}

/** The same of any two values without places, for example of two `cgroups` sections, whose keys begin with `within`. */
export function differencesWithin(within: string, from: unknown, to: unknown): Difference[] {
  return compare(from, to, [within]).map((found) => ({ key: textOf(found.path), from: found.from, to: found.to }));
}

type KeyPath = (string | number)[];

function compare(from: unknown, to: unknown, path: KeyPath): { path: KeyPath; from: unknown; to: unknown }[] {
  if (isBranch(from) && isBranch(to) && Array.isArray(from) === Array.isArray(to)) {
    const keys = new Set([...Object.keys(to), ...Object.keys(from)]);
    return [...keys].flatMap((key) =>
      compare(valueAt(from, key), valueAt(to, key), [...path, Array.isArray(to) ? Number(key) : key]),
    );
  }
  return from === to ? [] : [{ path, from: from ?? null, to: to ?? null }];
}

function isBranch(value: unknown): value is Record<string, unknown> | unknown[] {
  return typeof value === 'object' && value !== null;
}

/** A map may have a key such as `constructor`. */
function valueAt(branch: object, key: string): unknown {
  return Object.hasOwn(branch, key) ? (branch as Record<string, unknown>)[key] : undefined;
}

function textOf(path: KeyPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
