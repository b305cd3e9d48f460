import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What to type to call this program from where it lies, and where its examples are, for hints. */
export interface OwnCall {
  thuban: string;
  examples: string;
  demo: string;
}

/** `folder` is that of the bundle, or src/cli. A checkout and a package of npm have a package.json, an unpacked release has none. */
export function ownCall(folder = import.meta.dirname): OwnCall {
  const top = join(folder, basename(folder) === 'cli' ? '../..' : '..');
  return existsSync(join(top, 'package.json'))
    ? { thuban: 'npx thuban', examples: 'examples/manifests', demo: 'npm run demo' }
    : { thuban: 'thuban', examples: join(top, 'examples/manifests'), demo: 'thuban demo' };
}
