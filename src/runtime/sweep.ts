import { dirname } from 'node:path/posix';
import {
  AcquiredGroups,
  deepestFirst,
  listGroups,
  listGroupsElsewhere,
  removeShared,
  topFolders,
  type CgroupFacts,
  type Group,
  type KernelFs,
  type Leftover,
  type SharedGroups,
  type Signaller,
} from '../cgroups/index.ts';
import type { DaemonLog } from './daemon-options.ts';

/** What does not end in that time is tried again later; a daemon does not wait for it. */
const KILL_TIMEOUT_MS = 1000;

export interface SweepOptions {
  facts: CgroupFacts;
  parent: string;
  top: string;
  /** Folders of groups in which containers live. */
  held: ReadonlySet<string>;
  /** Groups of earlier runs of this daemon's containers, known from what was saved. */
  known: ReadonlySet<string>;
  /** Groups above those of containers that Thuban has made for `cgroups.parent`. */
  made: readonly string[];
  shared: SharedGroups;
  /** For tests; the kernel's kill(2) by default. */
  signal?: Signaller;
}

export interface Swept {
  removed: string[];
  leftovers: Leftover[];
  /** The groups of `leftovers`. */
  left: Group[];
  /** Groups that are not ours to judge: somebody lives in them. */
  foreign: string[];
}

/**
 * Removes the container groups that nobody owns any more. What an earlier daemon here noted is killed and removed; of the rest only what is
 * empty, because another Thuban may have its containers below the same folder. A suffix `#n` is the pid of a `thuban run`.
 */
export async function sweepGroups(fs: KernelFs, options: SweepOptions): Promise<Swept> {
  const swept: Swept = { removed: [], leftovers: [], left: [], foreign: [] };
  const tops = [...topFolders(options.facts, options.parent, options.top).keys()];
  const usual = listGroups(fs, options.facts, options.parent, options.top);
  const elsewhere = listGroupsElsewhere(fs, options.facts, {
    made: options.made,
    known: [...options.known].filter((path) => !tops.includes(dirname(path))),
  });
  for (const [name, groups] of [...usual, ...elsewhere]) {
    if (groups.some(({ path }) => options.held.has(path)) || isAlive(name)) continue;
    const acquired = new AcquiredGroups(fs, groups, options);
    const isKnown = groups.some(({ path }) => options.known.has(path));
    if (!isKnown && acquired.populated()) {
      swept.foreign.push(...pathsOf(groups));
      continue;
    }
    await acquired.kill({ timeout: KILL_TIMEOUT_MS });
    const left = await acquired.remove();
    swept.leftovers.push(...left);
    swept.left.push(...groups.filter(({ path }) => left.some((leftover) => leftover.path === path)));
    swept.removed.push(...pathsOf(groups).filter((path) => !left.some((leftover) => leftover.path === path)));
  }
  // What another Thuban, or one of our containers, is in stays.
  removeShared(fs, [...deepestFirst(options.made), ...tops], options.shared);
  return swept;
}

export function tellSwept({ removed, leftovers, foreign }: Swept, log: DaemonLog): void {
  if (removed.length > 0) log('info', 'removed groups that nobody owned', { groups: removed });
  for (const { path, pids, tasks } of leftovers)
    log('warn', `the cgroup ${path} could not be removed`, { code: 'TH2010', pids, tasks });
  if (foreign.length > 0)
    log('warn', 'groups of another Thuban hold processes and are left alone', { groups: foreign });
}

function pathsOf(groups: readonly Group[]): string[] {
  return groups.map((group) => group.path);
}

function isAlive(name: string): boolean {
  const pid = Number(/#(\d+)$/.exec(name)?.[1] ?? NaN);
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH; we are root, so there is no other reason
  }
}
