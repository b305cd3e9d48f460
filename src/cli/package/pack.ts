import { relative } from 'node:path';
import { ThubanError, formatBytes } from '../../base/index.ts';
import { loadSigningKey, pack, type Compression } from '../../package/index.ts';
import type { Context } from '../context.ts';
import { INTERRUPTED, Interrupt } from '../interrupt.ts';
import { loadBytesOrExplain } from '../load.ts';
import { print, printJson, talk } from '../talk.ts';
import { isPackage } from '../validate.ts';

export interface PackFlags {
  root?: string;
  out?: string;
  key?: string;
  compression?: Compression;
  mksquashfs?: string;
}

/** Packs a manifest that has no errors. Needs no root, and no daemon. */
export async function packCommand(file: string, flags: PackFlags, context: Context): Promise<number> {
  if (isPackage(file))
    throw new ThubanError('TH6011', `\`${file}\` is a package already`, {
      hint: 'name the manifest: thuban pack MANIFEST --root ROOT --key NAME.key',
    });
  const read = loadBytesOrExplain(file, context);
  if (read === undefined) return 1;
  const { key, ...options } = flags;
  const signer = key === undefined ? {} : { key: loadSigningKey(key) };
  using interrupt = new Interrupt();
  try {
    const packed = await pack(Buffer.from(read.bytes), read.loaded, {
      ...options,
      ...signer,
      signal: interrupt.signal,
    });
    const { name, version } = read.loaded.manifest;
    if (context.json) printJson({ name, version, ...packed, signer: packed.signer ?? null });
    else if (context.quiet) print(packed.file);
    else {
      const by = packed.signer === undefined ? 'not signed' : `signed by ${packed.signer}`;
      print(
        `packed ${relative('.', packed.file) || packed.file}  ${name}:${version}, ${formatBytes(packed.size)}, ${by}`,
      );
    }
    return 0;
  } catch (error) {
    if (!interrupt.happened) throw error;
    talk('stopped; nothing was packed');
    return INTERRUPTED;
  }
}
