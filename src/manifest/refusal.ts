import { version } from '../base/index.ts';
import { matches, type Unsupported } from './language.ts';
import type { Finding } from './report.ts';
import { formatPath, type KeyPath } from './tree.ts';

/** Whether a key is one that this version understands and refuses. */
export function isUnsupportedKey(unsupported: Unsupported, path: KeyPath): boolean {
  return unsupported.keys.some((pattern) => matches(pattern, path));
}

/** Whether a value is one that this version understands and refuses. */
export function isUnsupportedValue(unsupported: Unsupported, path: KeyPath, value: unknown): boolean {
  return Object.entries(unsupported.values).some(
    ([pattern, values]) => matches(pattern, path) && values.some((word) => word === value),
  );
}

/** The unsupported keys that could stand directly in a map. */
export function unsupportedKeysIn(unsupported: Unsupported, path: KeyPath): string[] {
  const depth = path.length + 1;
  return unsupported.keys
    .map((pattern) => pattern.split('.'))
    .filter((steps) => steps.length === depth && matches(steps.slice(0, -1).join('.'), path))
    .map((steps) => steps.at(-1) ?? '');
}

/** The refusal of a key or of `key: value`. What stands below it is not looked at. */
export function refusal(unsupported: Unsupported, path: KeyPath, value?: string): Finding {
  const what = value === undefined ? formatPath(path) : `${formatPath(path)}: ${value}`;
  const message = `\`${what}\` is understood but not supported by ${version}`;
  const hint = value === undefined ? 'remove it to start now' : 'remove it, or choose another value, to start now';
  const decides = value !== undefined && unsupported.variants.some((pattern) => matches(pattern, path));
  const covers = decides ? path.slice(0, -1) : path;
  return { code: 'TH1107', message, hint, at: value === undefined ? 'key' : 'value', covers };
}
