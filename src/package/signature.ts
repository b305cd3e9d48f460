import { sign, verify } from 'node:crypto';
import type { Checksum } from './checksums.ts';
import type { SigningKey, TrustedKey } from './keys.ts';
import { refusal } from './refusal.ts';

/** Whose signatures count, and whether there has to be one. */
export interface PackageRules {
  keys: readonly TrustedKey[];
  requireSignature: boolean;
  /** A uid: who may write packages beside root. Default: the effective one of this process. */
  owner?: number;
}

/** The member `signature`, and a file NAME.yaml.sig. */
export interface Signature {
  /** Id of the key. */
  key: string;
  /** 64 bytes of Ed25519. */
  bytes: Buffer;
}

const FORM = /^thuban-signature 1\nkey ([0-9a-f]{16})\ned25519 ([A-Za-z0-9+/]{86}==)\n$/;

export function writeSignature({ key, bytes }: Signature): string {
  return `thuban-signature 1\nkey ${key}\ned25519 ${bytes.toString('base64')}\n`;
}

/** What is or should be signed, and what to do about it, in the words of messages. */
export interface Signed {
  what: string;
  /** How somebody signs it. */
  sign: string;
  /** What must come from where it was made when the signature does not fit. */
  parts: string;
}

export const SIGNED_PACKAGE: Signed = {
  what: 'the package',
  sign: '`thuban pack` with `--key NAME.key`',
  parts: 'the package',
};

export function signedManifest(file: string): Signed {
  return {
    what: 'the manifest',
    sign: `\`thuban key sign ${file} --key NAME.key\``,
    parts: 'the manifest with its signature',
  };
}

function repair({ parts, sign }: Signed): string {
  return `take ${parts} from where it was signed, or sign it again: ${sign}`;
}

/** @throws ThubanError TH5001, TH5011 */
export function readSignature(content: Buffer, name: string, signed: Signed): Signature {
  const text = content.toString('latin1');
  const version = /^thuban-signature (\S{1,20})\n/.exec(text)?.[1];
  if (version !== undefined && version !== '1')
    throw refusal(
      'TH5011',
      `${name} has format ${version}, this version reads format 1`,
      'use a newer Thuban, or sign it again',
    );
  const [, key = '', base64 = ''] = FORM.exec(text) ?? [];
  const signature = { key, bytes: Buffer.from(base64, 'base64') };
  // The last character of base64 has bits that decoding drops: only one of its four writings is taken.
  if (key === '' || writeSignature(signature) !== text)
    throw refusal('TH5001', `${name} has not the form of a signature`, repair(signed));
  return signature;
}

/** What a detached signature of a plain manifest covers. No `checksums` begins like this, so neither can stand in for the other. */
export function manifestMessage({ sha256, size }: Checksum): Buffer {
  return Buffer.from(`thuban-manifest 1\nsha256 ${sha256} ${size}\n`);
}

export function signMessage(message: Uint8Array, { id, key }: SigningKey): Signature {
  return { key: id, bytes: sign(null, message, key) };
}

/**
 * Decides about a signature, or the lack of one. Where there are keys, a signature of another key is refused even if none is required:
 * somebody meant it to be checked. Without keys nothing is checked, and nobody counts as the signer.
 *
 * @returns the key that signed it, when one of `rules.keys` did.
 * @throws ThubanError TH5001, TH5002
 */
export function judgeSignature(
  signature: Signature | undefined,
  message: Uint8Array,
  { keys, requireSignature }: Pick<PackageRules, 'keys' | 'requireSignature'>,
  signed: Signed,
): TrustedKey | undefined {
  const { what } = signed;
  if (signature === undefined) {
    if (requireSignature) throw refusal('TH5001', `${what} is not signed`, `have it signed: ${signed.sign}`);
    return undefined;
  }
  if (keys.length === 0 && !requireSignature) return undefined;
  const named = keys.filter(({ id }) => id === signature.key);
  const known = keys.length === 0 ? 'none is trusted now' : `trusted now: ${keys.map(({ id }) => id).join(', ')}`;
  if (named.length === 0)
    throw refusal(
      'TH5002',
      `${what} is signed with key ${signature.key}, which is not trusted`,
      `add its public key if you trust it; ${known}`,
    );
  const signer = named.find(({ key }) => verify(null, message, key, signature.bytes));
  if (signer === undefined)
    throw refusal('TH5001', `the signature of key ${signature.key} does not fit ${what}`, repair(signed));
  return signer;
}
