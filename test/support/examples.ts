import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { BUNDLE } from './cli.ts';

export const examples = resolve(import.meta.dirname, '../../examples');

/** Examples of sections that are sound and planned, and that this version does not execute yet: they are refused with TH1107. */
export const planned: readonly string[] = [...['11-health', '12a-depends-on', '12b-depends-on']];

/** A suite that makes images is skipped where nothing makes any. */
export function needsMksquashfs(): { skip: string | false } {
  const found = spawnSync('mksquashfs', ['-version']).error === undefined;
  return { skip: found ? false : 'needs mksquashfs: apt-get install squashfs-tools' };
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The program as a user calls it, to its end; as strict about generated code as the daemon. */
export function thubanIn(cwd: string, ...args: string[]): Ended {
  const flags = ['--disallow-code-generation-from-strings', BUNDLE];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...args], { encoding: 'utf8', cwd });
  return { code: status, stdout, stderr };
}

/** Packs an example by the command that its manifest shows, into `folder`. */
export function packExample(folder: string, name: string, ...flags: string[]): Ended {
  const from = join(examples, 'packages', name);
  return thubanIn(folder, 'pack', join(from, 'manifest.yaml'), '--root', join(from, 'root'), ...flags);
}
