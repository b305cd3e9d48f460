import { existsSync } from 'node:fs';
import type { Diagnostic } from '../base/index.ts';
import { loadManifest, readManifestBytes, type LoadedManifest } from '../manifest/index.ts';
import type { ManifestSignatureResult, TrustedKey } from '../package/index.ts';
import type { Context } from './context.ts';
import { explain } from './load.ts';
import { talk } from './talk.ts';
import { isPackage, sourceOf } from './validate.ts';

/** A manifest or package that a person named, to run or to plan it, and whose signatures count. */
export interface Given {
  loaded: LoadedManifest;
  keys: readonly TrustedKey[];
}

type Read =
  | { ok: true; manifest: LoadedManifest; diagnostics: Diagnostic[]; text: string | undefined; isUnchecked: boolean }
  | { ok: false; diagnostics: Diagnostic[]; text?: string | undefined };

/**
 * Reads what a person named, who answers for the file: whether others could have written it is not asked, as it is in a repository. With
 * keys it must be signed with one of them. Undefined after its errors were printed to stderr.
 *
 * @throws ThubanError TH5012 about a key.
 */
export async function loadGiven(
  file: string,
  keyFiles: readonly string[] | undefined,
  context: Context,
): Promise<Given | undefined> {
  const keys = await keysOf(keyFiles ?? []);
  const read = isPackage(file) ? await readPackage(file, keys) : await readManifest(file, keys);
  // What this version cannot execute is a problem of the plan, which tells it once more, as an error.
  const findings = read.diagnostics.filter(({ code }) => !read.ok || code !== 'TH1107');
  explain(findings, () => read.text, context);
  if (!read.ok) return undefined;
  if (read.isUnchecked && !context.quiet && !context.json)
    talk(`thuban: the signature of ${file} was not checked: no --key given`);
  return { loaded: read.manifest, keys };
}

/** What reads keys, packages and signatures is only loaded for whoever has some. */
async function keysOf(files: readonly string[]): Promise<readonly TrustedKey[]> {
  if (files.length === 0) return [];
  const { loadKey } = await import('../package/index.ts');
  return files.map((file) => loadKey(file, { asGiven: true }));
}

async function readPackage(file: string, keys: readonly TrustedKey[]): Promise<Read> {
  const { openPackage } = await import('../package/index.ts');
  const result = await openPackage(file, { keys, requireSignature: keys.length > 0, asGiven: true });
  if (!result.ok) return result;
  const { signature } = result.contents;
  return { ...result, isUnchecked: signature !== undefined && signature.verified_by === undefined };
}

async function readManifest(file: string, keys: readonly TrustedKey[]): Promise<Read> {
  const bytes = readManifestBytes(file);
  if ('fatal' in bytes) return { ok: false, diagnostics: [bytes.fatal], text: sourceOf(file) };
  const text = Buffer.from(bytes.bytes).toString('utf8');
  const signed = await judgeSignature(bytes.bytes, file, keys);
  if (!signed.ok) return { ok: false, diagnostics: signed.diagnostics };
  const result = loadManifest(bytes.bytes, file);
  if (!result.ok) return { ...result, text };
  const signer = signed.signer === undefined ? {} : { signer: signed.signer };
  const isUnchecked = signed.signature === 'not_checked';
  return { ...result, manifest: { ...result.manifest, ...signer }, text, isUnchecked };
}

async function judgeSignature(
  bytes: Uint8Array,
  file: string,
  keys: readonly TrustedKey[],
): Promise<ManifestSignatureResult> {
  if (keys.length === 0 && !existsSync(`${file}.sig`)) return { ok: true, signature: 'none' };
  const { verifyManifestSignature } = await import('../package/index.ts');
  return verifyManifestSignature(bytes, file, { keys, requireSignature: keys.length > 0, asGiven: true });
}
