import { ThubanError } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { keyPath } from './key-path.ts';

/** Gives an error the place in the manifest that its key stands at. */
export function withPosition(error: unknown, loaded: LoadedManifest): unknown {
  if (!(error instanceof ThubanError) || error.position !== undefined) return error;
  const key = error.details['key'];
  if (typeof key !== 'string') return error;
  const located = new ThubanError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: error.details,
    cause: error.cause,
    position: loaded.position(keyPath(key)),
  });
  return located;
}
