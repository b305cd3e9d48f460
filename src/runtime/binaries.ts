import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError } from '../base/index.ts';

/** The native programs: beside the bundle, or in dist/ when run from the sources. */
export function nativeBinary(name: 'thuban-launcher' | 'thuban-init'): string {
  const candidates = [join(import.meta.dirname, name), join(import.meta.dirname, '../../dist', name)];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ThubanError('TH7009', `${name} is missing (looked for ${candidates[0] ?? name})`, {
    hint: 'in a checkout: npm run build; else unpack the release again',
  });
}
