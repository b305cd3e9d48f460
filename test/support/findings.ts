import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, type Code } from '../../src/base/index.ts';
import { checkAcross, loadManifest, readManifestFile, type LoadResult } from '../../src/manifest/index.ts';
import { checkLimits, plan, resourceOf, scanRepository, type Resource } from '../../src/runtime/index.ts';
import { ownFacts } from '../../src/runtime/facts.ts';
import { board } from './facts.ts';
import { temporaryFolder } from './folders.ts';

/** What a manifest has at least, by key, to be one that starts on any board. */
const SOUND = {
  name: 'name: camera',
  version: 'version: 1.0.0',
  init: 'init: /bin/sh',
  uid: 'uid: 1000',
  gid: 'gid: 1000',
  rootfs: 'rootfs: host',
};

/** The lines as a whole manifest: those of a sound one first, as far as their keys are not among them. */
export function completed(lines: readonly string[]): string {
  const missing = Object.entries(SOUND).filter(([key]) => !lines.some((line) => line.startsWith(`${key}:`)));
  return [...missing.map(([, line]) => line), ...lines, ''].join('\n');
}

/** Every code that a person would be shown about the text, by `validate` or `plan`, on a board with cgroups v2, four CPUs and swap. */
export function codesOfText(text: string): Code[] {
  return unique(codesOf(loadManifest(text, 'camera.yaml')));
}

export function codesOfFile(path: string): Code[] {
  return unique(codesOf(readManifestFile(path)));
}

/** The same of the manifests in one folder, and what is wrong between them. */
export async function codesOfFolder(files: Readonly<Record<string, string>>): Promise<Code[]> {
  using folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text, { mode: 0o644 });
  const { manifests, rejected } = await scanRepository(folder.path);
  const offered = manifests.flatMap((one) => resourceOf(one) ?? []);
  // A board takes over only what it can run; what is wrong between manifests is wrong all the same.
  const sound = Object.keys(files).flatMap((name) => {
    const read = readManifestFile(join(folder.path, name));
    return read.ok ? [read.manifest] : [];
  });
  return unique([
    ...rejected.flatMap(({ diagnostics }) => diagnostics.map(({ code }) => code)).filter((code) => code !== 'TH1107'),
    ...checkAcross(sound, { absent: 'error' }).flatMap((found) => found.map(({ code }) => code)),
    ...manifests.flatMap((loaded) => codesOf({ ok: true, manifest: loaded, diagnostics: [] }, offered)),
  ]);
}

function codesOf(result: LoadResult, offered: readonly Resource[] = []): Code[] {
  const found = result.diagnostics.map(({ code }) => code);
  if (!result.ok) return found;
  const { manifest } = result.manifest;
  return [
    ...found,
    ...checkLimits(result.manifest).map(({ code }) => code),
    ...(manifest.init === undefined ? [] : planned(manifest, offered)),
  ];
}

function planned(manifest: Parameters<typeof plan>[0], offered: readonly Resource[]): Code[] {
  const facts = { ...board('v2', { cpus: '0-3', swap: true }), ...ownFacts(manifest, offered) };
  try {
    const { problems, warnings } = plan(manifest, facts);
    return [...problems, ...warnings].map(({ code }) => code);
  } catch (error) {
    if (error instanceof ThubanError) return [error.code];
    throw error;
  }
}

function unique(codes: readonly Code[]): Code[] {
  return [...new Set(codes)].sort();
}
