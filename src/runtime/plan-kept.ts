import type { Manifest, Mount } from '../manifest/index.ts';
import type { Step, Upper } from '../launcher/index.ts';
import { keptName, overlayName, overlaysFolder, persistFolder } from './kept-folders.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { idsOnBoard } from './plan-users.ts';

/** As Northstar has it. */
const PERSIST_MODE = 0o700;
/** Bytes for each name in memory: as many small files as fill it. */
const BYTES_PER_NAME = 4096;
const LEAST_NAMES = 1024;

/** Owner and mode are set at each start. */
export function persistStep(
  target: string,
  { mode }: Mount & { type: 'persist' },
  manifest: Manifest,
  draft: LaunchDraft,
): Step {
  const folder = persistFolder(draft.dataDir);
  return {
    op: 'persist',
    folder,
    name: keptName(manifest.name),
    mode: mode ?? PERSIST_MODE,
    ...idsOnBoard(manifest),
    target,
  };
}

/** There is one folder, and it has one mode. */
export function checkPersistModes(manifest: Manifest, draft: LaunchDraft): void {
  const all = Object.entries(manifest.mounts ?? {}).flatMap(([target, mount]) =>
    mount.type === 'persist' ? [{ target, mode: mount.mode ?? PERSIST_MODE }] : [],
  );
  const [first] = all;
  const other = all.find(({ mode }) => mode !== first?.mode);
  if (first === undefined || other === undefined) return;
  const [a, b] = [first, other].map(({ target, mode }) => `${target} has mode ${mode.toString(8)}`);
  const message = `\`persist\` mounts show one folder, and it has one mode: ${a ?? ''}, ${b ?? ''}`;
  draft.problem('TH1306', message, 'give all of them the same `mode`', `mounts.${other.target}`);
}

export function overlayStep(
  target: string,
  mount: Mount & { type: 'overlay' },
  manifest: Manifest,
  draft: LaunchDraft,
): Step | undefined {
  const key = `mounts.${target}.lower`;
  let sound = true;
  mount.lower.forEach((folder, i) => {
    draft.refuseOwnFolders(folder, `${key}.${i}`);
    const type = draft.facts.paths[folder]?.type;
    if (type === undefined || type === 'directory') return;
    sound = false;
    const what = type === 'missing' ? 'does not exist' : 'is not a directory';
    draft.problem('TH3005', `host path \`${folder}\` ${what}`, `mkdir -p ${folder}`, `${key}.${i}`);
  });
  if (!sound) return undefined;
  const lower = mount.lower.map((folder) => draft.resolved(folder));
  const upper =
    mount.upper === 'tmpfs' ? inMemory(mount.size) : onDisk(`mounts${target}`, `mounts.${target}`, manifest, draft);
  return { op: 'overlay', target, lower, upper };
}

export function inMemory(size: number): Upper {
  return { size, inodes: Math.max(LEAST_NAMES, Math.ceil(size / BYTES_PER_NAME)) };
}

/** `what`: which of the container's overlays. Two mounts at once of one upper folder are undefined (overlayfs.rst). */
export function onDisk(what: string, key: string, { name, version }: Manifest, draft: LaunchDraft): Upper {
  if (draft.beside !== undefined)
    draft.problem(
      'TH1306',
      'what an overlay keeps on the disk is for one run at a time, and another run of this container is not over',
      '`schedule.overlap: forbid`, or an overlay of `tmpfs`',
      key,
    );
  const folder = `${overlaysFolder(draft.dataDir)}/${keptName(name)}`;
  return { folder, name: overlayName(version, what) };
}
