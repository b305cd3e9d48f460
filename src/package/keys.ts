import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ThubanError, checkTrustedFolder, hasErrno, reasonOf, readTrustedFile } from '../base/index.ts';
import { readBounded } from './read-file.ts';

/** A public key that somebody put on this board, and whose signatures count. */
export interface TrustedKey {
  id: string;
  key: KeyObject;
  file: string;
}

/** A private key to sign with. */
export interface SigningKey {
  id: string;
  key: KeyObject;
}

export interface KeyOptions {
  /** A uid: who may write the file beside root. Default: the effective one of this process. */
  owner?: number;
  /** The caller answers for the file: who else may write it is not asked. */
  asGiven?: boolean;
}

/** PEM of an Ed25519 key has less than 200 bytes; comments may stand around it. */
const MAX_KEY = 16 * 1024;

/** A new key signs what is signed from now on, and is of no use where a signature is checked. */
const NEW_KEY = 'name another private key, NAME.key, or make one: `thuban key generate NAME`';
const OF_SIGNER = 'name the public key of whoever signed, NAME.pub';

/** The first 16 hex digits of SHA-256 of the 32 bytes of the public key: a name to look a key up by, and no proof of anything. */
export function keyIdOf(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki.subarray(-32)).digest('hex').slice(0, 16);
}

/**
 * Reads a public key that signatures are to be checked with.
 *
 * @throws ThubanError TH5010 when others could have written the file or its folder; TH5012 when it holds no public Ed25519 key.
 */
export function loadKey(file: string, options: KeyOptions = {}): TrustedKey {
  const text = readKeyFile(file, () => {
    if (options.asGiven === true) return readBounded(file, MAX_KEY);
    checkTrustedFolder(dirname(file), options);
    return readTrustedFile(file, { ...options, maxBytes: MAX_KEY });
  });
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw badKey(
      file,
      'holds a private key',
      'name the public key, NAME.pub; a private one does not belong on a board',
    );
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) throw badKey(file, 'holds no public key', OF_SIGNER);
  const key = parse(file, OF_SIGNER, () => createPublicKey(text));
  return { id: keyIdOf(key), key, file };
}

/**
 * Reads a private key to sign with. As ssh does, it refuses one that others may read: it is not secret any more.
 *
 * @throws ThubanError TH5012
 */
export function loadSigningKey(file: string): SigningKey {
  const text = readKeyFile(file, () => {
    const { mode } = statSync(file);
    const content = readBounded(file, MAX_KEY);
    // Before the mode: that of a public key is right, and must not be changed.
    if (content.includes('-----BEGIN PUBLIC KEY-----') && !content.includes('PRIVATE KEY-----'))
      throw badKey(
        file,
        'holds a public key',
        `sign with the private key that was made with it, \`${file.endsWith('.pub') ? `${file.slice(0, -'.pub'.length)}.key` : 'NAME.key'}\``,
      );
    if ((mode & 0o077) !== 0)
      throw badKey(
        file,
        `has mode ${(mode & 0o777).toString(8).padStart(4, '0')}, so others may use it`,
        `chmod 600 ${file}`,
      );
    return content;
  });
  if (text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    throw badKey(file, 'is encrypted, and Thuban asks for no passphrase', `openssl pkey -in ${file} -out PLAIN.key`);
  if (!text.includes('-----BEGIN PRIVATE KEY-----')) throw badKey(file, 'holds no private key', NEW_KEY);
  const key = parse(file, NEW_KEY, () => createPrivateKey(text));
  return { id: keyIdOf(key), key };
}

function readKeyFile(file: string, read: () => Buffer): string {
  try {
    return read().toString('latin1');
  } catch (error) {
    if (error instanceof ThubanError) throw error;
    const hint = hasErrno(error, 'ENOENT') ? 'check the path' : 'check who may read it';
    throw badKey(file, `cannot be read: ${reasonOf(error)}`, hint, error);
  }
}

function parse(file: string, hint: string, read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw badKey(file, 'holds a key that is damaged', 'copy the file again', error);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw badKey(file, `holds a key of type ${key.asymmetricKeyType ?? 'unknown'}, only ed25519 is used`, hint);
  return key;
}

function badKey(file: string, what: string, hint: string, cause?: unknown): ThubanError {
  return new ThubanError('TH5012', `key file \`${file}\` ${what}`, { hint, details: { file }, cause });
}
