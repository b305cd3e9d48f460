import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { FileIdentity, ImageFile } from '../../src/base/index.ts';
import type { LoadedManifest, Manifest } from '../../src/manifest/index.ts';
import { Session, type Container } from '../../src/runtime/index.ts';
import { runIn, shell, type Result, type TrialOptions } from './containers.ts';
import { temporaryFolder } from './folders.ts';
import { field, statusOf } from './identity.ts';
import { makeImage } from './image.ts';
import { leavesNothingBehind } from './leaks.ts';
import { until } from './processes.ts';
import { needsRoot } from './root.ts';

/** As `needsRoot`, for a suite that makes images. */
export function needsImages(): { skip: string | false } {
  const root = needsRoot();
  if (root.skip !== false || spawnSync('mksquashfs', ['-version']).error === undefined) return root;
  return { skip: 'needs mksquashfs: apt-get install squashfs-tools' };
}

export function identityOf(file: string): FileIdentity {
  const { dev, ino, size, ctimeNs } = statSync(file, { bigint: true });
  return { dev: String(dev), ino: String(ino), size: String(size), ctime_ns: String(ctimeNs) };
}

/** Not on a boundary of 4 KiB, as it comes in a tar file. */
const OFFSET = 3 * 512;

/** A file with an image of `root` in it, between bytes that are none of it. */
export function makePackage(file: string, root: string): ImageFile {
  const image = `${file}.squashfs`;
  const made = spawnSync('mksquashfs', [root, image, '-noappend', '-quiet', '-no-progress'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`mksquashfs: ${made.stdout}${made.stderr}`);
  const bytes = readFileSync(image);
  rmSync(image);
  writeFileSync(file, Buffer.concat([randomBytes(OFFSET), bytes, randomBytes(2000)]));
  return { file, offset: OFFSET, size: bytes.length, identity: identityOf(file) };
}

/** A shell script on the files of an image, with /proc and /dev. */
export function packaged(image: ImageFile, script: string, sections: Partial<Manifest> = {}): LoadedManifest {
  const loaded = shell(script, sections);
  const { rootfs: _, ...manifest } = loaded.manifest;
  return { ...loaded, manifest: { ...manifest, ...(sections.rootfs ? { rootfs: sections.rootfs } : {}) }, image };
}

/** With a package of a shell and empty folders, to which `prepare` may add, and a session to run it in. */
export async function onPackage(
  body: (trial: PackageTrial) => Promise<void>,
  prepare: (root: string, folder: string) => void = () => undefined,
  options: { withoutMountSetattr?: boolean } = {},
): Promise<void> {
  await leavesNothingBehind(async () => {
    using files = temporaryFolder();
    const folder = files.path;
    const root = makeImage(folder);
    prepare(root, folder);
    const image = makePackage(`${folder}/test-1.0.0.tar`, root);
    await using session = await Session.open({ prefix: 'thuban-test-', ...options });
    const run: PackageTrial['run'] = (script, sections, more) =>
      runIn(session, packaged(image, script, sections), more);
    await body({ image, root, folder, session, run });
  });
}

export interface PackageTrial {
  image: ImageFile;
  /** The folder that the image was made of. */
  root: string;
  folder: string;
  session: Session;
  run: (script: string, sections?: Partial<Manifest>, options?: TrialOptions) => Promise<Result>;
}

/** Nothing in the image can sleep. */
export const STAY = 'kill -STOP $$';

/** Resolves when the program has come to `STAY`. */
export async function stays(container: Container | undefined): Promise<void> {
  const pid = container?.started.program ?? 0;
  await until('it has done all but stay', () => field(statusOf(pid), 'State').startsWith('T'));
}
