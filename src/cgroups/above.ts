import { dirname } from 'node:path/posix';
import type { KernelFs } from './kernel-fs.ts';
import type { Group } from './plan-types.ts';
import { exists, flatKeyed, numberOrNull, readIf } from './read.ts';

/** A group above that of a container, as far as its limit may have been what killed. */
export interface AncestorCounters {
  path: string;
  /** The same as the kernel names it, from the top of the mount: `/thuban`. */
  group: string;
  /** v2: how often its own limit could not be kept. null: v1, or the kernel does not tell. */
  oom: number | null;
  /** v1: its use has been as high as its limit. */
  at_limit?: boolean;
}

/** All of them, the nearest first. */
export interface Above {
  groups: AncestorCounters[];
  /** The mount shows the whole tree. If not, groups that nobody here can see may have limits as well. */
  whole: boolean;
}

/** The group whose limit killed in a group below it. `limit` in bytes; null: it was lifted since. */
export interface Ancestor {
  group: string;
  path: string;
  limit: number | null;
}

/** What the groups above tell; to be read at the start and again when something was killed. */
export function readAbove(fs: KernelFs, { version, path }: Group): Above {
  const { paths, top, whole } = placeOf(fs, version, dirname(path));
  const groups = paths.map((each): AncestorCounters => {
    const group = each.slice(top.length) || '/';
    if (version === 1) return { path: each, group, oom: null, at_limit: isAtLimit(fs, each) };
    const events = readIf(fs, `${each}/memory.events.local`);
    return { path: each, group, oom: events === undefined ? null : Number(flatKeyed(events).get('oom') ?? 0) };
  });
  return { groups, whole };
}

/** The groups from one up to the top of its mount; the root, which has no limits, is left out. */
interface Place {
  paths: string[];
  top: string;
  whole: boolean;
}

/** A group has the same ones above it for as long as it is there, and a start should not ask the kernel for them each time. */
const places = new WeakMap<KernelFs, Map<string, Place>>();
const MAX_PLACES = 64;

function placeOf(fs: KernelFs, version: 1 | 2, parent: string): Place {
  const known = places.get(fs) ?? new Map<string, Place>();
  const found = known.get(parent);
  if (found !== undefined) return found;
  const place = findPlace(fs, version, parent);
  if (known.size >= MAX_PLACES) known.clear();
  places.set(fs, known.set(parent, place));
  return place;
}

function findPlace(fs: KernelFs, version: 1 | 2, parent: string): Place {
  const paths: string[] = [];
  for (let at = parent; exists(fs, `${at}/cgroup.procs`); at = dirname(at)) paths.push(at);
  const top = paths.at(-1);
  if (top === undefined) return { paths: [], top: '', whole: false };
  // Files that only the root has (v1), or only the root lacks (v2): Documentation/admin-guide/cgroup-v2.rst.
  const whole = version === 1 ? exists(fs, `${top}/release_agent`) : !exists(fs, `${top}/cgroup.type`);
  return { paths: whole ? paths.slice(0, -1) : paths, top, whole };
}

/** Charges come in batches of 64 pages (MEMCG_CHARGE_BATCH), so the high-water mark may stay that far below the limit. */
const CHARGE_BATCH = 64 * 4096;

/** v1: memory.failcnt would say it, but recent kernels (seen on 6.18) no longer count there. */
export function isAtLimit(fs: KernelFs, path: string): boolean {
  return reachedLimit(fs, path) !== null;
}

/** The limit that the use of the group has come to: of memory, or of memory and swap, which is never below the first. */
function reachedLimit(fs: KernelFs, path: string): number | null {
  for (const prefix of ['memory', 'memory.memsw']) {
    const limit = numberOrNull(fs, `${path}/${prefix}.limit_in_bytes`);
    if (limit === null) return null;
    const peak = numberOrNull(fs, `${path}/${prefix}.max_usage_in_bytes`);
    if (peak !== null && peak + CHARGE_BATCH >= limit) return limit;
  }
  return null;
}

export interface AboveFacts {
  version: 1 | 2;
  before: Above;
  after: Above;
  /** v1: the kernel has told of a limit that was reached, this group's or one above. The board's own shortage it does not tell. */
  notified?: boolean;
}

/**
 * Whose limit it was when it was not the group's own. v2 counts `oom` where the limit could not be kept. On v1 a group above that
 * has come to its limit during the run is the one; of one that had been there before, only a notification says that it was again.
 */
export function blame({
  version,
  before,
  after,
  notified = false,
}: AboveFacts): AncestorCounters | 'system' | undefined {
  const earlier = (path: string): AncestorCounters | undefined => before.groups.find((group) => group.path === path);
  const isHit = ({ path, oom, at_limit }: AncestorCounters): boolean =>
    version === 2
      ? (oom ?? 0) > (earlier(path)?.oom ?? Infinity)
      : at_limit === true && (notified || earlier(path)?.at_limit === false);
  const hit = after.groups.find(isHit);
  if (hit !== undefined) return hit;
  const isSure = ({ path, oom, at_limit }: AncestorCounters): boolean =>
    version === 2 ? oom !== null && typeof earlier(path)?.oom === 'number' : at_limit === false;
  return after.whole && !(version === 1 && notified) && after.groups.every(isSure) ? 'system' : undefined;
}

export function ancestorOf(fs: KernelFs, version: 1 | 2, { path, group }: AncestorCounters): Ancestor {
  const limit = version === 2 ? numberOrNull(fs, `${path}/memory.max`) : reachedLimit(fs, path);
  return { group, path, limit };
}
