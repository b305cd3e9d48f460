import type { Attribute, Step } from '../launcher/index.ts';
import type { Manifest, Mount } from '../manifest/index.ts';
import { CONSOLE_TARGET, consoleMount, type PlannedConsole } from './plan-console.ts';
import { deviceStep } from './plan-devices.ts';
import { absolute, depth, isBelow, type LaunchDraft } from './plan-draft.ts';
import { checkPersistModes, overlayStep, persistStep } from './plan-kept.ts';
import { kernelView, planPaths } from './plan-paths.ts';
import { keepsGroups } from './plan-rootless.ts';
import { resourceStep } from './plan-resources.ts';
import { socketsFolder } from './plan-sockets.ts';
import { mappedAttributes } from './plan-users.ts';
import { READ_ONLY, ROOT_INODES, ROOT_SIZE, type Root } from './plan-root.ts';

/** Device nodes and links take none of it. */
const DEV_SIZE = 64 * 1024;
/** Only touched pages are taken, and they count for the container that touches them. */
const SHM_SIZE = 64 * 1024 * 1024;
/** `tty` of Debian, Alpine and whoever else numbers groups: what a terminal belongs to, so that its user cannot be written to by all. */
const TTY = 5;

interface Planned {
  target: string;
  step: Step;
  file: boolean;
  /** An earlier step makes the place. */
  made?: true;
}

/** Everything that is mounted into the root, outermost first, then the root is made read-only and entered. */
export function planMounts(
  manifest: Manifest,
  root: Root,
  console: PlannedConsole | undefined,
  draft: LaunchDraft,
): void {
  const mounts = Object.entries(manifest.mounts ?? {}).map(([target, mount]): [string, Mount] => [
    absolute(target),
    mount,
  ]);
  mounts.sort(([a], [b]) => depth(a) - depth(b) || a.localeCompare(b, 'en'));
  const planned: Planned[] = [];
  for (const [target, mount] of mounts) {
    const step = mountStep(target, mount, manifest, draft);
    const file = mount.type === 'device' || (mount.type === 'bind' && draft.facts.paths[mount.host]?.type === 'file');
    const key = `mounts.${target}`;
    if (step !== undefined) planned.push({ target, step: { ...step, key }, file });
    if (mount.type === 'dev') planned.push(...besideDevices(target, mounts, key, manifest, draft));
  }
  if (console !== undefined)
    planned.push({ target: CONSOLE_TARGET, step: consoleMount(manifest, console, draft), file: false });
  planned.sort((a, b) => depth(a.target) - depth(b.target));
  checkPersistModes(manifest, draft);
  const targets = planned.map(({ target }) => target).filter((target) => target !== '/');
  const outermost = targets.filter((target) => !targets.some((other) => other !== target && isBelow(target, other)));
  if (root.overlay === true && root.writable !== true && outermost.length > 0)
    draft.steps.push({ op: 'root_overlay', if_missing: outermost, size: ROOT_SIZE, inodes: ROOT_INODES });
  const done: string[] = [];
  for (const { target, step, file, made } of planned) {
    draft.steps.push(...(made === true ? [] : targetSteps(target, file, root, done, draft, step.key)), step);
    done.push(target);
  }
  planPaths(manifest, draft);
  const attributes = root.writable === true ? READ_ONLY.filter((one) => one !== 'ro') : READ_ONLY;
  draft.steps.push({ op: 'root_attributes', attributes }, { op: 'pivot' });
}

/** Filesystems of their own in /dev: memory that is shared, and terminals. A mount of the manifest at their place comes instead. */
function besideDevices(
  dev: string,
  mounts: readonly [string, Mount][],
  key: string,
  { user_namespace: users }: Manifest,
  draft: LaunchDraft,
): Planned[] {
  const hasGroup = !keepsGroups(draft);
  const base = dev === '/' ? '' : dev;
  const [shm, pts] = [`${base}/shm`, `${base}/pts`];
  const attributes: Attribute[] = ['nosuid', 'nodev', 'noexec'];
  const all: Planned[] = [
    {
      target: shm,
      step: { op: 'tmpfs', target: shm, attributes, size: SHM_SIZE, mode: 0o1777, key },
      file: false,
      made: true,
    },
    {
      target: pts,
      step: { op: 'devpts', target: pts, gid: hasGroup ? (users?.host_gid ?? 0) + TTY : 0, key },
      file: false,
      made: true,
    },
  ];
  return all.filter(({ target }) => mounts.every(([other]) => other !== target));
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
function targetSteps(
  target: string,
  file: boolean,
  root: Root,
  done: string[],
  draft: LaunchDraft,
  key = `mounts.${target}`,
): Step[] {
  if (target === '/') return [];
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

/** Undefined: there is nothing to mount. */
function mountStep(target: string, mount: Mount, manifest: Manifest, draft: LaunchDraft): Step | undefined {
  switch (mount.type) {
    case 'bind':
      return bindStep(target, mount, manifest, draft);
    case 'resource':
      return resourceStep(target, mount, manifest, draft);
    case 'tmpfs':
      return { op: 'tmpfs', target, attributes: ['nosuid', 'nodev', 'noexec'], size: mount.size, mode: 0o1777 };
    case 'proc':
      return { op: 'proc', target, attributes: kernelView(manifest) };
    case 'sysfs':
      return { op: 'sysfs', target, attributes: kernelView(manifest) };
    case 'dev':
      return { op: 'dev', target, size: DEV_SIZE, proc_links: manifest.mounts?.['/proc']?.type === 'proc' };
    case 'sockets':
      return socketsStep(target, draft);
    case 'persist':
      return persistStep(target, mount, manifest, draft);
    case 'device':
      return deviceStep(target, mount, draft);
    case 'overlay':
      return overlayStep(target, mount, manifest, draft);
  }
}

/** The folder, so that sockets that are made later appear in it. To connect, a socket's own mode counts, not that of the mount. */
function socketsStep(target: string, draft: LaunchDraft): Step {
  const attributes: Attribute[] = ['ro', 'nosuid', 'nodev', 'noexec'];
  return { op: 'bind', source: socketsFolder(draft.runDir), target, attributes, recursive: false, optional: false };
}

function bindStep(
  target: string,
  mount: Mount & { type: 'bind' },
  manifest: Manifest,
  draft: LaunchDraft,
): Step | undefined {
  draft.refuseOwnFolders(mount.host, `mounts.${target}.host`);
  if (draft.facts.paths[mount.host]?.type === 'missing') {
    missingSource(target, mount, draft);
    return undefined;
  }
  const options = new Set((mount.options ?? '').split(',').filter((option) => option !== ''));
  const attributes: Attribute[] = options.has('rw') ? [] : ['ro'];
  for (const name of ['nosuid', 'nodev', 'noexec'] as const) if (options.has(name)) attributes.push(name);
  const { host } = mount;
  const { filesystem } = draft.facts.paths[host] ?? {};
  const files = { what: target, path: draft.resolved(host), filesystem, key: `mounts.${target}` };
  const how = {
    attributes: mappedAttributes(attributes, files, manifest, draft),
    recursive: options.has('rec'),
    optional: mount.optional ?? false,
  };
  return { op: 'bind', source: draft.resolved(mount.host), target, ...how };
}
