import { hasErrno, readTrustedFile, type Diagnostic } from '../base/index.ts';
import { checksumOf } from './checksums.ts';
import type { SigningKey } from './keys.ts';
import { readBounded } from './read-file.ts';
import { findingOf } from './refusal.ts';
import {
  judgeSignature,
  manifestMessage,
  readSignature,
  signMessage,
  signedManifest,
  writeSignature,
  type PackageRules,
} from './signature.ts';
import { maxSizes } from './format.ts';

/** The signature of `camera.yaml` is in `camera.yaml.sig`. */
export function signatureFileOf(manifest: string): string {
  return `${manifest}.sig`;
}

/** The text of NAME.yaml.sig for a manifest. */
export function signManifest(manifest: Uint8Array, key: SigningKey): string {
  return writeSignature(signMessage(manifestMessage(checksumOf(manifest)), key));
}

export type ManifestSignatureResult =
  /** `signer` is the id of the key; absent when nobody signed, or no key is trusted and none is required. */
  | { ok: true; signer?: string; signature: 'verified' | 'not_checked' | 'none' }
  | { ok: false; diagnostics: Diagnostic[] };

/**
 * Judges the signature beside a plain manifest, by the same rules as that of a package. `bytes` is what was read of the manifest: the file is
 * not read again.
 */
export function verifyManifestSignature(
  bytes: Uint8Array,
  file: string,
  rules: PackageRules & { asGiven?: boolean },
): ManifestSignatureResult {
  const signatureFile = signatureFileOf(file);
  const signed = signedManifest(file);
  try {
    const content = read(signatureFile, rules);
    const signature = content === undefined ? undefined : readSignature(content, `\`${signatureFile}\``, signed);
    const signer = judgeSignature(signature, manifestMessage(checksumOf(bytes)), rules, signed);
    if (signer !== undefined) return { ok: true, signer: signer.id, signature: 'verified' };
    return { ok: true, signature: signature === undefined ? 'none' : 'not_checked' };
  } catch (error) {
    return { ok: false, diagnostics: [findingOf(file, error)] };
  }
}

function read(file: string, rules: PackageRules & { asGiven?: boolean }): Buffer | undefined {
  try {
    const maxBytes = maxSizes.signature;
    return rules.asGiven === true ? readBounded(file, maxBytes) : readTrustedFile(file, { ...rules, maxBytes });
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
