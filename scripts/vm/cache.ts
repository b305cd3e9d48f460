import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Kernels and roots outlive the checkout: THUBAN_VM_CACHE, else `thuban-vm` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['THUBAN_VM_CACHE']) return env['THUBAN_VM_CACHE'];
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'thuban-vm');
}

/**
 * A folder that `make` fills once. Its name carries a hash of the recipe, so a changed recipe makes it anew and removes the old one. It
 * appears whole or not at all, also when two runs make it at once.
 */
export async function cached(
  folder: string,
  name: string,
  recipe: unknown,
  make: (into: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const path = join(folder, `${name}-${hash}`);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const began = Date.now();
  console.log(`vm: making ${path}`);
  const unfinished = mkdtempSync(join(folder, '.making-'));
  try {
    await make(unfinished);
    if (!existsSync(path)) renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  for (const other of readdirSync(folder))
    if (other.startsWith(`${name}-`) && join(folder, other) !== path)
      rmSync(join(folder, other), { recursive: true, force: true });
  console.log(`vm: made in ${Math.round((Date.now() - began) / 1000)} s`);
  return path;
}
