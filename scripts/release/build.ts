import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleaseError } from './error.ts';
import { checkProgram, compilerOf, type Target } from './targets.ts';

/** What esbuild says of a bundle, as far as it is used here: each source with the bytes that are left of it. */
export interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}

/** The one file that every architecture shares: `thuban.mjs` in a folder. */
export function buildBundle(root: string, folder: string): Metafile {
  const metafile = join(folder, 'metafile.json');
  build(root, ['--only', 'bundle', '--metafile', metafile, '--out', folder]);
  return JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
}

export const PROGRAMS = ['thuban-launcher', 'thuban-init'] as const;

/** The native programs of one architecture. */
export function buildPrograms(root: string, target: Target, folder: string): void {
  build(root, ['--only', 'native', '--out', folder], { CC: compilerOf(target).command });
  for (const name of PROGRAMS) checkProgram(join(folder, name), target);
}

function build(root: string, args: string[], env: NodeJS.ProcessEnv = {}): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new ReleaseError(`the build ended with ${status ?? 'a signal'}\n${stderr.trim()}`);
}
