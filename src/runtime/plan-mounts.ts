import type { Attribute, Step } from '../launcher/index.ts';
import type { Manifest, Mount } from '../manifest/index.ts';
import { depth, isBelow, type LaunchDraft } from './plan-draft.ts';
import { READ_ONLY, type Root } from './plan-root.ts';

/** Device nodes, and /dev/shm with them. Only touched pages are taken, and they count for the container that touches them. */
const DEV_SIZE = 64 * 1024 * 1024;
/** As Northstar mounts /proc and /sys. */
const KERNEL_VIEW: Attribute[] = ['ro', 'nosuid', 'nodev', 'noexec'];

/** Everything that is mounted into the root, outermost first, then the root is made read-only and entered. */
export function planMounts(manifest: Manifest, root: Root, draft: LaunchDraft): void {
  const mounts = Object.entries(manifest.mounts ?? {});
  mounts.sort(([a], [b]) => depth(a) - depth(b) || a.localeCompare(b, 'en'));
  const done: string[] = [];
  for (const [target, mount] of mounts) {
    const key = `mounts.${target}`;
    let file = false;
    if (mount.type === 'resource') {
      draft.problem('TH1107', 'mounts of type resource are not supported yet', undefined, key);
      continue;
    }
    if (mount.type === 'bind') {
      draft.refuseRunDir(mount.host, `${key}.host`);
      const source = draft.facts.paths[mount.host];
      file = source?.type === 'file';
      if (source?.type === 'missing') {
        missingSource(target, mount, draft);
        continue;
      }
    }
    draft.steps.push(...targetSteps(target, file, root, done, draft));
    draft.steps.push({ ...mountStep(target, mount, manifest, draft), key });
    done.push(target);
  }
  draft.steps.push({ op: 'root_attributes', attributes: READ_ONLY }, { op: 'pivot' });
}

function missingSource(target: string, mount: Mount & { type: 'bind' }, draft: LaunchDraft): void {
  const key = `mounts.${target}.host`;
  if (mount.optional === true) {
    draft.notes.push({ message: `${target} is skipped: ${mount.host} does not exist`, key });
    return;
  }
  draft.problem(
    'TH3005',
    `host path \`${mount.host}\` does not exist`,
    'create it, or `optional: true` if it may be missing',
    key,
  );
}

/** The steps that make the place to mount on. Nothing is made in a folder of the host or of a read-only image: it must be there. */
function targetSteps(target: string, file: boolean, root: Root, done: string[], draft: LaunchDraft): Step[] {
  if (target === '/') return [];
  const key = `mounts.${target}`;
  const inside = root.provided.find((folder) => isBelow(target, folder));
  const fresh = done.some((other) => isBelow(target, other));
  if (inside === undefined || fresh)
    return [{ op: file ? 'mkfile' : 'mkdir', path: target, mode: file ? 0o644 : 0o755, key }];
  if (draft.facts.paths[root.image + target]?.type !== 'missing') return [];
  const where = root.image === '' ? `the read-only host folder \`${inside}\`` : `the read-only root \`${root.image}\``;
  const what = file ? 'file' : 'directory';
  const hint =
    root.image === ''
      ? 'mount it elsewhere, or leave that folder out of rootfs.folders'
      : `${file ? 'touch' : 'mkdir -p'} ${root.image}${target}`;
  draft.problem('TH3004', `mount \`${target}\`: there is no such ${what} in ${where}`, hint, key);
  return [];
}

function mountStep(
  target: string,
  mount: Exclude<Mount, { type: 'resource' }>,
  manifest: Manifest,
  draft: LaunchDraft,
): Step {
  switch (mount.type) {
    case 'bind': {
      const options = new Set((mount.options ?? '').split(',').filter((option) => option !== ''));
      const attributes: Attribute[] = options.has('rw') ? [] : ['ro'];
      for (const name of ['nosuid', 'nodev', 'noexec'] as const) if (options.has(name)) attributes.push(name);
      const how = { attributes, recursive: options.has('rec'), optional: mount.optional ?? false };
      return { op: 'bind', source: draft.resolved(mount.host), target, ...how };
    }
    case 'tmpfs':
      return { op: 'tmpfs', target, attributes: ['nosuid', 'nodev', 'noexec'], size: mount.size, mode: 0o1777 };
    case 'proc':
      return { op: 'proc', target, attributes: KERNEL_VIEW };
    case 'sysfs':
      return { op: 'sysfs', target, attributes: KERNEL_VIEW };
    case 'dev':
      return { op: 'dev', target, size: DEV_SIZE, proc_links: manifest.mounts?.['/proc']?.type === 'proc' };
  }
}
