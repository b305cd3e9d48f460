import { relative } from 'node:path';
import { ThubanError, formatBytes, type Diagnostic } from '../../base/index.ts';
import { lacksInit, loadSigningKey, pack, type Compression } from '../../package/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import type { Context } from '../context.ts';
import { INTERRUPTED, Interrupt } from '../interrupt.ts';
import { explain, loadBytesOrExplain } from '../load.ts';
import { print, printJson, talk } from '../talk.ts';
import { isPackage, sourceOf } from '../validate.ts';

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
  explain(missingInit(read.loaded, flags.root), () => sourceOf(file), context);
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
        `packed ${relative('.', packed.file) || packed.file}  ${name}:${version}, ${formatBytes(packed.size)}, ${by}${packed.replaced ? ', in place of the one before' : ''}`,
      );
    }
    return 0;
  } catch (error) {
    if (!interrupt.happened) throw error;
    talk('stopped; nothing was packed');
    return INTERRUPTED;
  }
}

/** A warning, because files may come into the root otherwise; but a package that can never start should not be a surprise of the board. */
function missingInit(loaded: LoadedManifest, root: string | undefined): Diagnostic[] {
  const { manifest } = loaded;
  const isOwnRoot = manifest.rootfs === undefined || manifest.rootfs.type === 'package';
  if (!isOwnRoot || !lacksInit(manifest, root)) return [];
  const where =
    root === undefined ? 'the package has no files, because no `--root` is given' : `it is not in \`${root}\``;
  const message = `\`${manifest.init ?? ''}\` will not be found: ${where}, and no mount brings it`;
  const hint = root === undefined ? 'name its files with `--root`, or mount them' : 'add it there, or mount its folder';
  const place = { ...loaded.position(['init']), length: 1, path: 'init' };
  return [{ code: 'TH3001', severity: 'warning', message, hint, ...place }];
}
