import { loadKey, type TrustedKey } from '../../package/index.ts';

export interface KeyRing {
  keys: readonly TrustedKey[];
  /** Differs when the keys do: what was judged by other ones is judged anew. */
  edition: string;
}

/**
 * Reads the keys of a repository. They are few and small, so that each look reads them: a key that was exchanged, or that others could write by
 * now, counts from then on.
 *
 * @throws ThubanError for a key that cannot be used: what it signed cannot be told from what nobody did.
 */
export function readKeys(files: readonly string[], owner: number | undefined): KeyRing {
  const keys = files.map((file) => loadKey(file, owner === undefined ? {} : { owner }));
  const edition = keys.map(({ key }) => key.export({ type: 'spki', format: 'der' }).toString('base64')).join(' ');
  return { keys, edition };
}
