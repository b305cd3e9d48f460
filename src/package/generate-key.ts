import { generateKeyPairSync } from 'node:crypto';
import { closeSync, constants, fchmodSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, hasErrno, reasonOf } from '../base/index.ts';
import { keyIdOf } from './keys.ts';

export interface GeneratedKey {
  id: string;
  /** `NAME.key`, for whoever signs, and nobody else. */
  private_key: string;
  /** `NAME.pub`, for the boards. */
  public_key: string;
}

/** Makes an Ed25519 key pair, in PEM that openssl reads. Nothing is ever overwritten: a lost key cannot be had again. */
export function generateKey(name: string, folder: string): GeneratedKey {
  if (!/^[A-Za-z0-9_][\w.-]{0,99}$/.test(name))
    throw new ThubanError('TH5012', `\`${name}\` is no name for a key`, {
      hint: 'letters, digits, `.`, `_` and `-`; a folder is named with -o',
    });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const files = { private_key: join(folder, `${name}.key`), public_key: join(folder, `${name}.pub`) };
  create(files.private_key, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  try {
    create(files.public_key, publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
  } catch (error) {
    unlinkSync(files.private_key); // made just now, and of no use alone
    throw error;
  }
  return { id: keyIdOf(publicKey), ...files };
}

function create(file: string, text: string | Buffer, mode: number): void {
  let fd: number;
  try {
    fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  } catch (error) {
    const exists = hasErrno(error, 'EEXIST');
    throw new ThubanError(
      'TH5012',
      exists ? `\`${file}\` is there already` : `cannot make \`${file}\`: ${reasonOf(error)}`,
      {
        hint: exists ? 'choose another name; a key that is lost cannot be had again' : 'name another folder with -o',
        cause: error,
      },
    );
  }
  try {
    fchmodSync(fd, mode);
    writeSync(fd, text.toString());
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(file);
    throw error;
  } finally {
    closeSync(fd);
  }
}
