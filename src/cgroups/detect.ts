import { hasErrno } from '../base/index.ts';
import { UNIFIED, type CgroupFacts, type ControllerFacts, type UnifiedFacts } from './facts.ts';
import type { KernelFs } from './kernel-fs.ts';
import { parseMountinfo, parseSelfCgroup, type CgroupMount } from './mountinfo.ts';
import { below, SUPERVISOR } from './paths.ts';

/** Everything that can stand among the super options of a v1 mount as a controller (include/linux/cgroup_subsys.h). */
const V1_NAMES = new Set(
  'cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event net_prio hugetlb pids rdma misc debug'.split(' '),
);

/** Files that a v2 group has even when the controller is not enabled for it. */
const CORE_FILES = /^(cgroup\.|cpu\.stat|(cpu|memory|io|irq)\.pressure$)/;

/**
 * Finds every controller where it really is. `sources` are the texts of /proc/self/mountinfo and /proc/self/cgroup.
 * /proc/cgroups is not asked: Linux 6.12 lists a v1 memory controller there that cannot be mounted.
 */
export function detectCgroups(sources: { mountinfo: string; selfCgroup: string }, fs: KernelFs): CgroupFacts {
  const mounts = parseMountinfo(sources.mountinfo);
  const own = parseSelfCgroup(sources.selfCgroup);
  const controllers: Record<string, ControllerFacts> = {};
  for (const name of new Set(mounts.flatMap((mount) => (mount.version === 1 ? mount.options : [])))) {
    if (!V1_NAMES.has(name)) continue;
    const group = own.get(name) ?? '/';
    const mount = nearest(
      mounts.filter((found) => found.version === 1 && found.options.includes(name)),
      group,
    );
    if (mount !== undefined) controllers[name] = describe(name, mount, group, fs);
  }
  const unified = findUnified(mounts, own.get('') ?? '/', fs);
  for (const name of unified?.facts.controllers ?? []) {
    if (unified !== undefined) controllers[name] ??= describe(name, unified.mount, unified.facts.own, fs);
  }
  const versions = new Set(mounts.map((mount) => mount.version));
  const layout = versions.has(1) ? (versions.has(2) ? 'hybrid' : 'v1') : versions.has(2) ? 'v2' : 'none';
  const unmounted = [...own.keys()].filter((name) => V1_NAMES.has(name) && controllers[name] === undefined);
  if (own.has('') && unified === undefined) unmounted.push(UNIFIED);
  return {
    layout,
    controllers,
    ...(unified === undefined ? {} : { unified: unified.facts }),
    ...(unmounted.length === 0 ? {} : { unmounted }),
  };
}

/**
 * The mount to work through when a hierarchy is mounted several times: one that shows our own group comes first, then
 * one that can be written, then the one with the shortest root. A later bind mount with the same root never wins over an earlier one.
 */
function nearest(mounts: CgroupMount[], own: string): CgroupMount | undefined {
  const rank = (mount: CgroupMount): number =>
    (below(mount.root, own) === undefined ? 2_000_000 : 0) + (mount.readOnly ? 1_000_000 : 0) + mount.root.length;
  return mounts.reduce<CgroupMount | undefined>(
    (best, mount) => (best === undefined || rank(mount) < rank(best) ? mount : best),
    undefined,
  );
}

function findUnified(
  mounts: CgroupMount[],
  own: string,
  fs: KernelFs,
): { mount: CgroupMount; facts: UnifiedFacts } | undefined {
  const mount = nearest(
    mounts.filter((found) => found.version === 2),
    own,
  );
  if (mount === undefined) return undefined;
  const controllers = words(readOr(fs, `${mount.mountpoint}/cgroup.controllers`));
  return { mount, facts: { mountpoint: mount.mountpoint, root: mount.root, own, controllers } };
}

function describe(name: string, mount: CgroupMount, own: string, fs: KernelFs): ControllerFacts {
  const knobs = findKnobs(name, mount, own, fs);
  return {
    version: mount.version,
    mountpoint: mount.mountpoint,
    root: mount.root,
    own,
    ...(knobs === undefined ? {} : { knobs }),
    options: mount.options,
  };
}

/**
 * The controller's files, from a group that has them all. The root of a hierarchy lacks most limits, so it proves
 * nothing; neither does a v2 group for which the controller is not enabled.
 */
function findKnobs(name: string, mount: CgroupMount, own: string, fs: KernelFs): string[] | undefined {
  const rest = below(mount.root, own);
  const ownPath = rest === undefined || own.includes('/..') ? undefined : mount.mountpoint + rest;
  const candidates = ownPath === undefined ? [] : [ownPath, parentOfLeaf(ownPath)];
  for (const path of [...candidates.filter((path) => path !== mount.mountpoint), ...children(fs, mount.mountpoint)]) {
    if (mount.version === 2 && !words(readOr(fs, `${path}/cgroup.controllers`)).includes(name)) continue;
    const files = fileNames(fs, path);
    if (mount.version === 1 && mount.options.includes('noprefix')) return files;
    const knobs = files.filter(
      (file) => file.startsWith(`${name}.`) && (mount.version === 1 || !CORE_FILES.test(file)),
    );
    if (knobs.length > 0) return knobs;
  }
  return undefined;
}

function parentOfLeaf(path: string): string {
  return path.endsWith(`/${SUPERVISOR}`) ? path.slice(0, -SUPERVISOR.length - 1) : path;
}

function children(fs: KernelFs, path: string): string[] {
  return listOr(fs, path)
    .filter((entry) => entry.directory)
    .map((entry) => `${path}/${entry.name}`);
}

function fileNames(fs: KernelFs, path: string): string[] {
  return listOr(fs, path)
    .filter((entry) => !entry.directory)
    .map((entry) => entry.name);
}

/** A group can vanish while we look, and a mount can be hidden by another one: both mean that nothing is known here. */
function readOr(fs: KernelFs, path: string): string {
  try {
    return fs.read(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR', 'EACCES', 'EPERM', 'EOPNOTSUPP')) return '';
    throw error;
  }
}

function listOr(fs: KernelFs, path: string): ReturnType<KernelFs['list']> {
  try {
    return fs.list(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV', 'ENOTDIR', 'EACCES', 'EPERM')) return [];
    throw error;
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
