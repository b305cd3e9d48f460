import { createHash } from 'node:crypto';
import { ThubanError, visible } from '../base/index.ts';
import type { CgroupFacts, ControllerFacts } from './facts.ts';

/** The group that daemon, launcher and inits move to, so that the parent itself stays without processes. */
export const SUPERVISOR = 'thuban-supervisor';

const MAX_NAME_BYTES = 200;
const NAME = /^[A-Za-z0-9_.+-]+$/;

/** Where a hierarchy is mounted and which group this process has in it. */
export type MountFacts = Pick<ControllerFacts, 'mountpoint' | 'root' | 'own'>;

/** `path` without its prefix `base`, compared by components: `/foobar` does not lie in `/foo`. */
export function below(base: string, path: string): string | undefined {
  if (base === '/') return path === '/' ? '' : path;
  if (path === base) return '';
  return path.startsWith(`${base}/`) ? path.slice(base.length) : undefined;
}

/** A lexically clean absolute path. Exact on cgroupfs, which has no symbolic links. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/**
 * The directory of this process in one hierarchy: mount point + (own group relative to the mount's root). The root is
 * not `/` in a container without a cgroup namespace; `/..` means that the process is outside of its namespace.
 */
export function ownDirectory(facts: MountFacts): string {
  const { own } = facts;
  if (own.endsWith(' (deleted)'))
    throw badParent(
      `the cgroup \`${own}\` of this process does not exist any more`,
      'start Thuban again from an existing group',
    );
  const rest = own.split('/').includes('..') ? undefined : below(facts.root, own);
  if (rest === undefined)
    throw badParent(
      `the cgroup \`${own}\` of this process lies outside of the mount ${facts.mountpoint}`,
      'mount the cgroup filesystem inside this namespace, or name a parent with --cgroup-parent',
    );
  return facts.mountpoint + rest;
}

/** The directory under which groups are made. With `self`, a daemon that already sits in its leaf means the group above. */
export function parentDirectory(parent: string, facts: MountFacts, all: CgroupFacts): string {
  if (parent === 'self') {
    const own = ownDirectory(facts);
    return own.endsWith(`/${SUPERVISOR}`) ? own.slice(0, -SUPERVISOR.length - 1) : own;
  }
  return facts.mountpoint + parentGroup(parent, all);
}

/** A configured parent as the part below its mount: '' for the mount point itself, else with a leading slash. */
function parentGroup(parent: string, facts: CgroupFacts): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (!parent.startsWith('/') || /[\u0000-\u001f]/.test(parent))
    throw badParent(
      `the cgroup parent \`${visible(parent)}\` is not an absolute path`,
      'use `self`, or a path such as /sys/fs/cgroup/thuban.slice',
    );
  const path = normalize(parent);
  const mounts = [...Object.values(facts.controllers), ...(facts.unified === undefined ? [] : [facts.unified])];
  const inside = mounts
    .map((mount) => ({ mountpoint: mount.mountpoint, rest: below(mount.mountpoint, path) }))
    .filter((candidate): candidate is { mountpoint: string; rest: string } => candidate.rest !== undefined)
    .sort((a, b) => b.mountpoint.length - a.mountpoint.length)[0];
  if (inside === undefined)
    throw badParent(
      `the cgroup parent \`${parent}\` lies in no cgroup mount`,
      `use \`self\`, or a path below ${[...new Set(mounts.map((mount) => mount.mountpoint))].join(', ')}`,
    );
  return inside.rest;
}

export interface RunMarks {
  /** The pid of a process that has its containers for itself. */
  instance?: number | undefined;
  /** 2 and more: a run beside others of the same container. */
  beside?: number | undefined;
  /** 2 and more: what an earlier run left holds the usual name. */
  spare?: number | undefined;
}

/**
 * `c-<name>@<version>`, with `=n` for the n-th run beside the first, `%n` beside what an earlier run left, and `#n` for an instance of another
 * process: different containers never get the same group.
 */
export function groupName(name: string, version: string, { instance, beside, spare }: RunMarks = {}): string {
  for (const part of [name, version]) {
    if (!NAME.test(part))
      throw new ThubanError('TH1211', `\`${visible(part)}\` cannot be part of a cgroup name`, {
        hint: 'use letters, digits, `-`, `_`, `.` and `+`',
      });
  }
  const ordinal = (beside === undefined ? '' : `=${beside}`) + (spare === undefined ? '' : `%${spare}`);
  const suffix = ordinal + (instance === undefined || instance < 2 ? '' : `#${instance}`);
  return boundedName(`c-${name}@${version}`, suffix);
}

/**
 * As one component of a path: a long text is cut, and differs from every other by its hash. The kernel takes 255 bytes. `~` is in no name or
 * version, so that a cut name never equals one written in full.
 */
export function boundedName(full: string, suffix = ''): string {
  if (full.length + suffix.length <= MAX_NAME_BYTES) return full + suffix;
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 16);
  return `${full.slice(0, MAX_NAME_BYTES - suffix.length - hash.length - 1)}~${hash}${suffix}`;
}

/** One path component that the kernel can hold and that cannot lead anywhere else. */
export function checkComponent(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (name === '' || name === '.' || name === '..' || /[/\u0000-\u001f\u007f]/.test(name))
    throw badParent(`\`${visible(name)}\` cannot be the name of a cgroup`, 'use letters, digits, `-`, `_` and `.`');
  return name;
}

function badParent(message: string, hint: string): ThubanError {
  return new ThubanError('TH2013', message, { hint });
}
