import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { command, VmError } from './command.ts';
import { readdirSync } from 'node:fs';

/**
 * Kernel modules with all that they depend on, in the order in which they must be loaded. What is built into the kernel is left out. The
 * dependencies stand in the modules themselves (`depends=` in the section .modinfo), so neither depmod nor its lists are needed.
 */
export async function modulesInOrder(kernelModules: string, wanted: readonly string[]): Promise<Map<string, Buffer>> {
  const files = new Map<string, string>();
  for (const path of readdirSync(kernelModules, { recursive: true, encoding: 'utf8' }))
    if (/\.ko(\.xz)?$/.test(path)) files.set(moduleName(path), join(kernelModules, path));
  const builtIn = new Set(readFileSync(join(kernelModules, 'modules.builtin'), 'utf8').split('\n').map(moduleName));
  const loaded = new Map<string, Buffer>();
  const add = async (name: string): Promise<void> => {
    if (loaded.has(name) || builtIn.has(name)) return;
    const file = files.get(name);
    if (file === undefined) throw new VmError(`the kernel has no module ${name}`);
    const bytes = await moduleBytes(file);
    for (const other of dependenciesOf(bytes)) await add(other);
    loaded.set(name, bytes);
  };
  for (const name of wanted) await add(name);
  return loaded;
}

/** The name that the kernel gives a module: of the file, with `_` for `-`. */
function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_');
}

/** What a module says that it needs; nothing for one that needs nothing. */
export function dependenciesOf(module: Buffer): string[] {
  const text = module.toString('latin1');
  return (/(?:^|\0)depends=([^\0]*)/.exec(text)?.[1] ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('-', '_'));
}

async function moduleBytes(file: string): Promise<Buffer> {
  if (!file.endsWith('.xz')) return readFileSync(file);
  await command('xz', ['--decompress', file]);
  return readFileSync(file.slice(0, -'.xz'.length));
}
