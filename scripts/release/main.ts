import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { archive, writeSums, writeWhole } from './archive.ts';
import { buildBundle, buildPrograms } from './build.ts';
import { ReleaseError } from './error.ts';
import { HELP, readOptions, UsageError, type Options } from './options.ts';
import { sizeTable, type Sizes } from './sizes.ts';
import { sourceDate, uncommitted, versionOf } from './source.ts';
import { compilerOf, needCompilers, targetOf, type Target } from './targets.ts';
import { bundledPackages, libcOf, thirdParty } from './third-party.ts';
import { layOut } from './tree.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** `npm run release`: returns the exit code. */
export function main(argv: readonly string[]): number {
  try {
    const options = readOptions(argv, ROOT);
    if (options === 'help') {
      console.log(HELP);
      return 0;
    }
    const sizes = release(options);
    for (const line of sizeTable(sizes)) console.log(line);
    const changed = uncommitted(ROOT);
    if (changed.length > 0) console.log(`note: with what is not committed: ${changed.join(', ')}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(`release: ${error.message}${error.hint === undefined ? '' : `\n  hint: ${error.hint}`}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Makes the tarballs and returns how large they and their parts are. */
export function release({ targets: names, out }: Options): Sizes[] {
  const targets = names.map(targetOf);
  needCompilers(targets);
  const date = sourceDate(ROOT);
  const top = `thuban-${versionOf(ROOT)}`;
  const work = mkdtempSync(join(tmpdir(), 'release-'));
  try {
    mkdirSync(out, { recursive: true });
    const bundle = join(work, 'bundle');
    const packages = bundledPackages(buildBundle(ROOT, bundle));
    const make = (target: Target): Sizes => {
      const programs = join(work, target.name);
      buildPrograms(ROOT, target, programs);
      const folder = join(work, `${target.name}-tree`, top);
      mkdirSync(folder, { recursive: true });
      const notices = thirdParty(ROOT, packages, libcOf(compilerOf(target).command));
      layOut({ root: ROOT, bundle, programs, thirdParty: notices }, folder);
      const path = join(out, `${top}-linux-${target.name}.tar.gz`);
      writeWhole(path, archive(folder, date));
      return sizesOf(path, folder);
    };
    const sizes = targets.map(make);
    writeSums(out, `${top}-linux-`);
    return sizes;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function sizesOf(tarball: string, folder: string): Sizes {
  const size = (path: string): number => statSync(path).size;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => lstatSync(join(folder, name)));
  return {
    path: relative(process.cwd(), tarball),
    tarball: size(tarball),
    unpacked: found.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0),
    bundle: size(join(folder, 'lib/thuban.mjs')),
    launcher: size(join(folder, 'lib/thuban-launcher')),
    init: size(join(folder, 'lib/thuban-init')),
  };
}
