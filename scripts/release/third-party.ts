import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from './build.ts';
import { ReleaseError } from './error.ts';

/** The text of the licence that glibc is under; of Debian's base-files. */
const LGPL = '/usr/share/common-licenses/LGPL-2.1';

/** The folders of the packages that something is left of in a bundle, as paths from the checkout, sorted. */
export function bundledPackages(metafile: Metafile): string[] {
  const folders = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
      // The last one: a package may have packages of its own.
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
      return folder === undefined || bytesInOutput === 0 ? [] : [folder];
    }),
  );
  return [...new Set(folders)].sort();
}

/** What of others is in a release, and under which licences. Throws a ReleaseError where that cannot be told. */
export function thirdParty(root: string, packages: readonly string[], libc: string): string {
  if (!existsSync(LGPL)) throw new ReleaseError(`the licence of the C library is missing: ${LGPL}`);
  const notices = packages.map((folder) => notice(join(root, folder)));
  const parts = [
    [
      'Parts of others in this release of Thuban, which itself is under the licence in LICENSE.',
      '',
      'lib/thuban.mjs has these packages of npm in it:',
      ...notices.map(({ title }) => `  ${title}`),
      '',
      'lib/thuban-launcher and lib/thuban-init are linked with:',
      `  ${libc}, LGPL-2.1-or-later`,
      '  libgcc, GPL-3.0-or-later with the GCC Runtime Library Exception',
      '',
      'To link them with another version of the C library, change what you like in it and run `npm run build` in the',
      'sources of this version of Thuban, with a compiler that uses it (`CC=...`).',
    ].join('\n'),
    ...notices.map(({ title, text }) => `${title}\n\n${text}`),
    `GNU C Library, LGPL-2.1-or-later\n\n${readFileSync(LGPL, 'utf8').trim()}`,
  ];
  return `${parts.join(`\n\n${'-'.repeat(78)}\n\n`)}\n`;
}

function notice(folder: string): { title: string; text: string } {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const [name, version, license] = ['name', 'version', 'license'].map((key) => about[key]);
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.(md|txt))?$/i.test(each));
  if (typeof license !== 'string' || file === undefined)
    throw new ReleaseError(`${folder} does not say which licence it is under`);
  const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  return { title: `${String(name)} ${String(version)}, ${license}`, text };
}

/** The C library that a compiler links with. Only glibc: its licence is what is told. */
export function libcOf(compiler: string): string {
  const { stdout } = spawnSync(compiler, ['-E', '-dM', '-include', 'features.h', '-xc', '/dev/null'], {
    encoding: 'utf8',
  });
  const [major, minor] = ['__GLIBC__', '__GLIBC_MINOR__'].map(
    (name) => new RegExp(`^#define ${name} (\\d+)$`, 'm').exec(stdout)?.[1],
  );
  if (major === undefined || minor === undefined)
    throw new ReleaseError(`${compiler} links with a C library other than glibc, whose licence is not known here`);
  return `GNU C Library ${major}.${minor}`;
}
