import { dirname } from 'node:path/posix';
import { errnoOf, ThubanError, type Clock } from '../base/index.ts';
import type { CgroupFacts } from './facts.ts';
import type { KernelFs } from './kernel-fs.ts';
import { parentDirectory, SUPERVISOR } from './paths.ts';
import { groupPids } from './procs.ts';
import { exists, readIf } from './read.ts';
import { enableControllers } from './strategies.ts';
import { emptyLeaf, makeLeaf, moveTo } from './supervisor-leaf.ts';

/** New processes may appear while we move; more rounds than this mean that somebody forks without end. */
const MOVE_ROUNDS = 100;

/** The controllers that a manifest can ask for. Others of the board are left as they are. */
const USABLE = new Set(['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids', 'rdma']);

export interface PreparedParent {
  /** The v2 directory below which groups are made; undefined when there is nothing to prepare (v1). */
  parent: string | undefined;
  /** Where the processes of the parent are now, if it had to be emptied. */
  leaf: string | undefined;
  moved: number;
  /** Controllers that groups below the parent can use. */
  controllers: string[];
  /** Controllers that are there, but that the kernel or the group above does not hand down. */
  refused: string[];
  /** Back to what was: for the orderly end of the daemon, when no container is left. Never throws for a busy group. */
  undo(clock?: Clock): Promise<void>;
}

/**
 * Makes a v2 parent able to carry containers. A group that hands controllers down may hold no processes (cgroup-v2.rst,
 * "No Internal Process Constraint"), so everything in it moves to the leaf `thuban-supervisor` until it is empty. The
 * true root is exempt. Then the controllers are enabled from the mount down to the parent; `needed` ones must succeed.
 * On v1 nothing is moved: it has no such rule, and a write of cgroup.procs waits 7 to 20 ms for an RCU grace period.
 */
export function prepareParent(
  fs: KernelFs,
  facts: CgroupFacts,
  parent: string,
  needed: readonly string[] = [],
): PreparedParent {
  const { unified } = facts;
  if (unified === undefined || (facts.layout !== 'v2' && unified.controllers.length === 0))
    return {
      parent: undefined,
      leaf: undefined,
      moved: 0,
      controllers: [],
      refused: [],
      undo: () => Promise.resolve(),
    };
  const path = parentDirectory(parent, unified, facts);
  if (!exists(fs, path))
    throw new ThubanError('TH2013', `the cgroup parent ${path} does not exist`, {
      hint: `mkdir ${path}`,
      details: { path },
    });
  checkType(fs, path);
  const { leaf, moved } = isTrueRoot(fs, path) ? { leaf: undefined, moved: 0 } : empty(fs, path);
  const enabled: { path: string; words: string[] }[] = [];
  for (const level of levels(unified.mountpoint, path)) enabled.push({ path: level, words: enable(fs, level) });
  const controllers = words(readIf(fs, `${path}/cgroup.subtree_control`));
  const missing = needed.find((name) => !controllers.includes(name));
  const undo = (clock?: Clock): Promise<void> =>
    giveBack(fs, { path, leaf, enabled: enabled.at(-1)?.words ?? [], clock });
  if (missing !== undefined) {
    void undo(); // all but a wait is done when it returns
    throw new ThubanError('TH2006', `${path} does not hand down the ${missing} controller`, {
      hint: 'with systemd set `Delegate=yes`; else enable it in cgroup.subtree_control of every group above',
      details: { path, controller: missing, available: words(readIf(fs, `${path}/cgroup.controllers`)) },
    });
  }
  return {
    parent: path,
    leaf,
    moved,
    controllers,
    refused: unified.controllers.filter((name) => USABLE.has(name) && !controllers.includes(name)),
    undo,
  };
}

/** Only the true root has no cgroup.type; the root of a cgroup namespace looks like `/` but is a group like any other. */
export function isTrueRoot(fs: KernelFs, path: string): boolean {
  return !exists(fs, `${path}/cgroup.type`);
}

/** In a threaded subtree there are no memory and no I/O limits, and no process can enter a new group (cgroup-v2.rst, "Threads"). */
function checkType(fs: KernelFs, path: string): void {
  const type = readIf(fs, `${path}/cgroup.type`)?.trim() ?? 'domain';
  if (type === 'domain') return;
  throw new ThubanError(
    'TH2013',
    `the cgroup parent ${path} has the type \`${type}\`, so that no container can be put below it`,
    {
      hint: 'name a group that is no part of a threaded subtree, with --cgroup-parent',
      details: { path, type },
    },
  );
}

function levels(mountpoint: string, path: string): string[] {
  return path === mountpoint ? [path] : [...levels(mountpoint, dirname(path)), path];
}

/** What the level is offered and has not on already. What is refused here shows at the end, in the parent itself. */
function enable(fs: KernelFs, path: string): string[] {
  const on = words(readIf(fs, `${path}/cgroup.subtree_control`));
  const wanted = words(readIf(fs, `${path}/cgroup.controllers`)).filter(
    (name) => USABLE.has(name) && !on.includes(name),
  );
  if (wanted.length === 0) return [];
  enableControllers(fs, {
    op: 'write',
    controller: 'cgroup',
    path,
    file: 'cgroup.subtree_control',
    value: wanted
      .map((name) => `+${name}`)
      .sort()
      .join(' '),
    strategy: 'enable_each',
    tolerate: ['EINVAL', 'ENOENT', 'EBUSY', 'EOPNOTSUPP', 'EACCES', 'EPERM', 'EROFS'],
  });
  const now = words(readIf(fs, `${path}/cgroup.subtree_control`));
  return wanted.filter((name) => now.includes(name));
}

/** Moves every process of `path` into its supervisor leaf, again and again until none is left. */
function empty(fs: KernelFs, path: string): { leaf: string | undefined; moved: number } {
  const leaf = `${path}/${SUPERVISOR}`;
  let moved = 0;
  let made = false;
  for (let round = 0; round < MOVE_ROUNDS; round++) {
    const pids = groupPids(fs, path);
    if (pids.length === 0) return { leaf: made || exists(fs, leaf) ? leaf : undefined, moved };
    if (!made) makeLeaf(fs, leaf);
    made = true;
    for (const pid of pids) if (pid !== 0) moved += moveTo(fs, leaf, pid);
  }
  const left = groupPids(fs, path);
  throw new ThubanError('TH2007', `${path} still holds ${left.length} foreign processes`, {
    hint: 'name a parent of its own with --cgroup-parent; with systemd set `DelegateSubgroup=thuban-supervisor`',
    details: { path, pids: left },
  });
}

interface Taken {
  path: string;
  leaf: string | undefined;
  enabled: string[];
  clock: Clock | undefined;
}

/** Controllers off, processes back, leaf away. Another user of the parent keeps what it needs: EBUSY ends the attempt. */
async function giveBack(fs: KernelFs, { path, leaf, enabled, clock }: Taken): Promise<void> {
  try {
    for (const name of enabled) fs.write(`${path}/cgroup.subtree_control`, `-${name}`);
    if (leaf === undefined) return;
    await emptyLeaf(fs, leaf, path, clock);
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof ThubanError)) throw error;
  }
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
