import { count, type Diagnostic } from '../../base/index.ts';
import { loadManifest, readManifestBytes } from '../../manifest/index.ts';
import { loadKey, openPackage, verifyManifestSignature, type TrustedKey } from '../../package/index.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../talk.ts';
import { findingsText } from './show.ts';

/** `verified`: by one of the keys. `not_checked`: it is signed, and no key was given. */
type SignatureState = 'verified' | 'not_checked' | 'none';

interface Verdict {
  file: string;
  name?: string | undefined;
  version?: string | undefined;
  digest?: string | undefined;
  diagnostics: Diagnostic[];
  text?: string | undefined;
  /** Absent when the file is refused. */
  passed?: { signature: SignatureState; signer?: string | undefined; checked: string };
}

/**
 * Checks files as a repository would that trusts these keys. With a key a signature is required; without one, nothing is said about who made
 * the files, and that is said.
 */
export async function verify(files: readonly string[], flags: { key?: string[] }, context: Context): Promise<number> {
  const keys = (flags.key ?? []).map((file) => loadKey(file, { asGiven: true }));
  const verdicts: Verdict[] = [];
  for (const file of files) {
    const verdict = file.endsWith('.yaml') ? ofManifest(file, keys) : await ofPackage(file, keys);
    verdicts.push(verdict);
    if (!context.json && !context.quiet) show(verdict, keys, context);
  }
  if (context.json) printJson(verdicts.map(asJson));
  return verdicts.every(({ passed }) => passed !== undefined) ? 0 : 1;
}

async function ofPackage(file: string, keys: readonly TrustedKey[]): Promise<Verdict> {
  const result = await openPackage(file, { keys, requireSignature: keys.length > 0, asGiven: true });
  if (!result.ok) return { file, ...result };
  const { manifest, contents, text } = result;
  const { signature } = contents;
  const state = signature === undefined ? 'none' : signature.verified_by === undefined ? 'not_checked' : 'verified';
  const sums = contents.members.filter(({ sha256 }) => sha256 !== undefined).length;
  return {
    file,
    text,
    name: manifest.manifest.name,
    version: manifest.manifest.version,
    digest: manifest.digest,
    diagnostics: [],
    passed: {
      signature: state,
      signer: manifest.signer,
      checked: `${count(sums, 'checksum')} ${sums === 1 ? 'holds' : 'hold'}`,
    },
  };
}

function ofManifest(file: string, keys: readonly TrustedKey[]): Verdict {
  const read = readManifestBytes(file);
  if ('fatal' in read) return { file, diagnostics: [read.fatal] };
  const text = Buffer.from(read.bytes).toString('utf8');
  const signed = verifyManifestSignature(read.bytes, file, { keys, requireSignature: keys.length > 0, asGiven: true });
  if (!signed.ok) return { file, diagnostics: signed.diagnostics };
  const result = loadManifest(read.bytes, file);
  if (!result.ok) return { file, diagnostics: result.diagnostics, text };
  const { manifest, digest } = result.manifest;
  return {
    file,
    name: manifest.name,
    version: manifest.version,
    digest,
    diagnostics: [],
    passed: { signature: signed.signature, signer: signed.signer, checked: 'the manifest has no errors' },
  };
}

function show(
  { file, name, version, diagnostics, text, passed }: Verdict,
  keys: readonly TrustedKey[],
  { out }: Context,
): void {
  if (passed === undefined) {
    print(findingsText(diagnostics, text, out).trimEnd());
    return;
  }
  const by = keys.find(({ id }) => id === passed.signer);
  const signature = {
    verified: `signed by ${passed.signer ?? ''}${by === undefined ? '' : ` (${by.file})`}`,
    not_checked: 'signature not checked: no --key given',
    none: 'not signed',
  }[passed.signature];
  print(`${file}: ${name ?? ''}:${version ?? ''}, ${signature}; ${passed.checked}`);
}

function asJson({ file, name, version, digest, diagnostics, passed }: Verdict): unknown {
  return {
    file,
    valid: passed !== undefined,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { digest }),
    ...(passed === undefined ? {} : { signature: passed.signature, signer: passed.signer ?? null }),
    errors: diagnostics.map(({ code, severity, message, hint, line, column, path }) => ({
      code,
      severity,
      message,
      ...(hint === undefined ? {} : { hint }),
      line,
      column,
      path,
    })),
  };
}
