import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

export interface SchemaFlags {
  /** That of the daemon's configuration, instead of that of manifests. */
  config?: boolean;
}

/**
 * The file as it stands in schemas/, so that an editor sees the same wherever it has it from. A board may have nothing but the bundle,
 * which has both compiled in: packed, because they are long, repeat themselves and are rarely asked for.
 */
function schemaText(name: 'manifest' | 'config'): string {
  const packed = process.env['THUBAN_BUILD_SCHEMAS'];
  if (packed === undefined) return readFileSync(join(import.meta.dirname, `../../schemas/${name}.schema.json`), 'utf8');
  const texts = JSON.parse(brotliDecompressSync(Buffer.from(packed, 'base64')).toString()) as Record<string, string>;
  return texts[name] ?? '';
}

export function schema(flags: SchemaFlags): number {
  process.stdout.write(schemaText(flags.config === true ? 'config' : 'manifest'));
  return 0;
}
