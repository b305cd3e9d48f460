import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ReleaseError } from './error.ts';

/** A folder as a compressed tar archive in which nothing depends on who made it where and when; `date` is that of every file. */
export function archive(folder: string, date: number): Buffer {
  const settings = ['--format=ustar', '--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${date}`];
  const { status, stdout, stderr } = spawnSync(
    'tar',
    ['--create', ...settings, '--directory', dirname(folder), '--file=-', basename(folder)],
    { maxBuffer: 1024 ** 3 },
  );
  if (status !== 0) throw new ReleaseError(`tar ended with ${status ?? 'a signal'}\n${stderr.toString().trim()}`);
  // zlib writes neither a name nor a time into its header.
  return gzipSync(stdout, { level: 9 });
}

/** Writes a file so that it is there whole or not at all. */
export function writeWhole(path: string, data: Buffer | string): void {
  writeFileSync(`${path}.new`, data);
  renameSync(`${path}.new`, path);
}

/** SHA256SUMS of all tarballs of one version in a folder, as `sha256sum --check` reads it. */
export function writeSums(folder: string, prefix: string): void {
  const lines = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.tar.gz'))
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}  ${name}\n`,
    );
  writeWhole(join(folder, 'SHA256SUMS'), lines.join(''));
}
