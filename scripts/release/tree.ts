import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROGRAMS } from './build.ts';
import { SHIPPED } from './source.ts';

/** Where the parts of a release come from. */
export interface Parts {
  root: string;
  /** The folder with `thuban.mjs`. */
  bundle: string;
  /** The folder with the native programs. */
  programs: string;
  thirdParty: string;
}

/**
 * Lays out a release in an empty folder. The bundle looks for the native programs beside itself, and for the examples beside its folder.
 * Modes are set here: those of the checkout depend on who made it.
 */
export function layOut({ root, bundle, programs, thirdParty }: Parts, into: string): void {
  const put = (from: string, to: string, mode: number): void => {
    makeFolder(dirname(join(into, to)), into);
    copyFileSync(from, join(into, to));
    chmodSync(join(into, to), mode);
  };
  chmodSync(into, 0o755);
  put(join(bundle, 'thuban.mjs'), 'lib/thuban.mjs', 0o755);
  for (const name of PROGRAMS) put(join(programs, name), `lib/${name}`, 0o755);
  makeFolder(join(into, 'bin'), into);
  symlinkSync('../lib/thuban.mjs', join(into, 'bin/thuban'));
  for (const path of SHIPPED.flatMap((name) => filesOf(root, name))) {
    // git keeps this bit and no other: a script in an example is to be packed and run.
    const isProgram = (statSync(join(root, path)).mode & 0o100) !== 0;
    put(join(root, path), path, isProgram ? 0o755 : 0o644);
  }
  writeFileSync(join(into, 'THIRD-PARTY'), thirdParty);
  chmodSync(join(into, 'THIRD-PARTY'), 0o644);
}

/** The files of a path, from `root`: itself, or all that are below it. */
function filesOf(root: string, path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesOf(root, join(path, name)));
}

/** A folder and those above it, each with the same mode, whatever the umask. */
function makeFolder(path: string, top: string): void {
  if (path === top) return;
  makeFolder(dirname(path), top);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}
