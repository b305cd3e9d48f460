import type { Attribute, Step } from '../launcher/index.ts';
import { missingResource, type Manifest } from '../manifest/index.ts';
import { chooseResource, folderInside, resourceId, versionsOf, type ResourceMount } from './resources.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { mappedAttributes } from './plan-users.ts';

/** The step that mounts a folder of another container's files, or undefined after the problem was noted. */
export function resourceStep(
  target: string,
  mount: ResourceMount,
  manifest: Manifest,
  draft: LaunchDraft,
): Step | undefined {
  const key = `mounts.${target}`;
  const offered = draft.facts.resources;
  const chosen = chooseResource(mount, offered);
  if (chosen === undefined) {
    const have = versionsOf(mount.name, offered).map(({ version }) => version);
    const { code, message, hint } = missingResource(mount.name, mount.version, have);
    draft.problem(code, message, hint, key);
    return undefined;
  }
  draft.useResource(resourceId(chosen));
  const plain: Attribute[] = ['ro', 'nosuid', 'nodev'];
  if (mount.options?.split(',').includes('noexec') === true) plain.push('noexec');
  const mapped = (filesystem: string | undefined): Attribute[] =>
    mappedAttributes(plain, { what: target, filesystem, key }, manifest, draft);
  const { source } = chosen;
  if (source.type === 'image') {
    if (draft.facts.rootless !== undefined)
      draft.needsRoot('only root may mount the image of a package', key, 'give the resource as a folder');
    const attributes = mapped('squashfs');
    return { op: 'image', image: source.image, dir: mount.dir, target, attributes };
  }
  const path = folderInside(source.path, mount);
  draft.refuseOwnFolders(path, key);
  const type = draft.facts.paths[path]?.type;
  if (type !== undefined && type !== 'directory') {
    const message = `there is no directory \`${mount.dir}\` in \`${resourceId(chosen)}\`, which is \`${source.path}\``;
    draft.problem('TH3005', message, `mkdir -p ${path}, or name a directory that it has`, key);
    return undefined;
  }
  const attributes = mapped(draft.facts.paths[path]?.filesystem);
  return { op: 'bind', source: draft.resolved(path), target, attributes, recursive: false, optional: false };
}
