import { closeSync, openSync, realpathSync, statSync } from 'node:fs';
import { ThubanError, reasonOf } from '../base/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { foldersOf } from './mount-targets.ts';
import { run, type Ended } from './run-program.ts';
import { missingInTar, tarWithFolders } from './tar-root.ts';
import { missingInFolder } from './folder-root.ts';

export const compressions = ['gzip', 'zstd', 'xz', 'lz4', 'none'] as const;
export type Compression = (typeof compressions)[number];

export interface ImageOptions {
  /** Default: gzip, which every kernel with squashfs reads. */
  compression?: Compression;
  /** The program. Default: `mksquashfs` of PATH. */
  mksquashfs?: string;
  signal?: AbortSignal;
}

/** The first with `-tar`; 4.4 was the first whose images are the same each time. */
const OLDEST: readonly [number, number] = [4, 5];

/** Everything that could differ from one machine to the next, or that a container's root must not have. */
function flagsFor({ uid, gid }: Manifest, compression: Compression): string[] {
  return [
    ...['-noappend', '-quiet', '-no-progress', '-exit-on-error'],
    ...['-all-time', '0', '-mkfs-time', '0', '-root-mode', '755'],
    ...['-force-uid', String(uid), '-force-gid', String(gid)],
    // Extended attributes are those of the machine that packs: labels, ACLs, and file capabilities, which a root mounted nosuid ignores.
    '-no-xattrs',
    // A table for NFS, which nobody needs here.
    '-no-exports',
    ...(compression === 'none' ? ['-noI', '-noId', '-noD', '-noF'] : ['-comp', compression]),
  ];
}

/**
 * Makes the squashfs of a container's root: the files of `root`, and a folder for each mount that has none there. `root` is a path of
 * `realRoot`: mksquashfs would take a symbolic link for the file to put in, and a leading hyphen for an option.
 */
export async function makeImage(
  image: string,
  manifest: Manifest,
  root: string | undefined,
  options: ImageOptions,
): Promise<void> {
  const program = options.mksquashfs ?? 'mksquashfs';
  await checkVersion(program, options.signal);
  const flags = flagsFor(manifest, options.compression ?? 'gzip');
  const wanted = foldersOf(manifest);
  if (root !== undefined && statSync(root).isDirectory()) {
    const missing = missingInFolder(root, wanted).flatMap((path) => ['-p', `${escaped(path)} d 755 0 0`]);
    succeeded(await start(program, [root, image, ...flags, ...missing], options));
    return;
  }
  const fd = root === undefined ? undefined : openSync(root, 'r');
  try {
    const tar = fd === undefined ? { missing: wanted, end: 0 } : await missingInTar(fd, wanted, root ?? '');
    const input = tarWithFolders(fd, tar, options.signal);
    succeeded(await start(program, ['-', image, '-tar', ...flags], { ...options, input }));
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** A folder behind all symbolic links; an archive by the name that it was given. @throws ThubanError TH5013 */
export function realRoot(root: string): string {
  try {
    const real = realpathSync(root);
    return statSync(real).isDirectory() ? real : root;
  } catch (error) {
    throw new ThubanError('TH5013', `cannot read the root \`${root}\`: ${reasonOf(error)}`, {
      hint: 'name a folder or a tar archive',
      cause: error,
    });
  }
}

/** A path in the words of a pseudo file definition: blanks and quotes end a word there. */
function escaped(path: string): string {
  return path.slice(1).replaceAll(/[\s"\\]/g, '\\$&');
}

async function checkVersion(program: string, signal: AbortSignal | undefined): Promise<void> {
  const { stdout, stderr } = await start(program, ['-version'], signal === undefined ? {} : { signal });
  const [, major, minor] = /^mksquashfs version (\d+)\.(\d+)/m.exec(stdout) ?? [];
  const found = [Number(major), Number(minor)] as const;
  if (major === undefined || minor === undefined)
    throw new ThubanError(
      'TH5013',
      `\`${program}\` does not say which mksquashfs it is: ${firstLine(stdout + stderr)}`,
      {
        hint: 'name another with --mksquashfs',
      },
    );
  if (found[0] < OLDEST[0] || (found[0] === OLDEST[0] && found[1] < OLDEST[1]))
    throw new ThubanError(
      'TH5013',
      `\`${program}\` is version ${found.join('.')}, at least ${OLDEST.join('.')} is needed`,
      {
        hint: 'name a newer one with --mksquashfs',
      },
    );
}

async function start(
  program: string,
  args: string[],
  options: { input?: AsyncIterable<Uint8Array>; signal?: AbortSignal },
): Promise<Ended & { program: string }> {
  // With this in the environment mksquashfs refuses to be told times by flags.
  const { SOURCE_DATE_EPOCH: _ignored, ...env } = process.env;
  try {
    return { program, ...(await run(program, args, { ...options, env: { ...env, LC_ALL: 'C' } })) };
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ThubanError('TH5013', `cannot start \`${program}\`: ${reasonOf(error)}`, {
      hint: 'apt-get install squashfs-tools',
      cause: error,
    });
  }
}

function succeeded({ program, code, signal, stdout, stderr }: Ended & { program: string }): void {
  if (code === 0) return;
  const how = signal === null ? `ended with code ${code ?? 0}` : `was ended by ${signal}`;
  const said = firstLine(stderr) || firstLine(stdout);
  throw new ThubanError('TH5013', `\`${program}\` ${how}${said === '' ? '' : `: ${said}`}`, {
    details: { stderr: stderr.slice(0, 4096) },
  });
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}
