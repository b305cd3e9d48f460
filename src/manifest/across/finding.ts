import type { Diagnostic } from '../../base/index.ts';
import type { LoadedManifest } from '../manifest.ts';
import { formatPath, type KeyPath } from '../tree.ts';

type Said = Pick<Diagnostic, 'code' | 'message' | 'hint' | 'label' | 'elsewhere'>;

/** A finding at a place of a manifest. */
export function findingAt(
  loaded: LoadedManifest,
  path: KeyPath,
  at: 'key' | 'value',
  said: Said,
  severity: Diagnostic['severity'] = 'error',
): Diagnostic {
  const { file, line, column } = loaded.position(path);
  const place = loaded.span?.(path, at) ?? { line, column, length: 1 };
  return { severity, ...said, file, ...place, path: formatPath(path) };
}

/** The same place, as another finding names it. */
export function placeIn(
  loaded: LoadedManifest,
  path: KeyPath,
  at: 'key' | 'value',
  label: string,
): NonNullable<Diagnostic['elsewhere']>[number] {
  const { file, line, column } = findingAt(loaded, path, at, { code: 'TH9001', message: '' });
  return { file, line, column, label };
}
