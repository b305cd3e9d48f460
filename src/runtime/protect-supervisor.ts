import { errnoOf, formatBytes, reasonOf, ThubanError, type Cleanup } from '../base/index.ts';
import {
  emptyLeaf,
  enableControllers,
  makeLeaf,
  MEMORY_MIN,
  moveTo,
  ownDirectory,
  parentDirectory,
  planProtection,
  realKernelFs,
  SUPERVISOR,
  type UnifiedFacts,
} from '../cgroups/index.ts';
import type { DaemonLog } from './daemon-options.ts';
import { gatherFacts } from './facts.ts';
import { ValuesBefore } from './values-before.ts';

export interface Protection {
  /** 0: nothing, and what an earlier daemon protected is given back. */
  bytes: number;
  /** Where containers are put, as `chooseParent` gave it. */
  parent: string;
  /** Processes that may be moved to another group. */
  ours: ReadonlySet<number>;
  /** Keeps what the files held before, for the orderly end, be it that of a later daemon. */
  file: string;
  log: DaemonLog;
}

/**
 * `cgroups.supervisor_memory_min`: memory of daemon, launcher and inits that the kernel does not take away. It never keeps a daemon from starting:
 * what cannot be protected is told in the log (TH2016).
 */
export function protectSupervisor({ bytes, parent, ours, file, log }: Protection, cleanup: Cleanup): void {
  const warn = (error: ThubanError): void => {
    log('warn', error.message, { error: error.toJSON() });
  };
  const values = new ValuesBefore(realKernelFs, { file, knob: MEMORY_MIN, onProblem: warn });
  cleanup.defer('memory of the supervisor', () => {
    values.restore();
  });
  if (bytes === 0) {
    values.restore();
    return;
  }
  try {
    const { cgroups, page_size: page } = gatherFacts();
    const { unified, controllers } = cgroups;
    const version = controllers['memory']?.version;
    if (version !== 2 || unified === undefined) throw noKnob(version);
    const path = parentDirectory(parent, unified, cgroups);
    const leaf = `${path}/${SUPERVISOR}`;
    const delegated = enterLeaf({ path, leaf, unified, ours }, cleanup);
    const asked = bytes - (bytes % page);
    const found = planProtection(realKernelFs, { mountpoint: unified.mountpoint, leaf, delegated, bytes: asked });
    values.keep(found.writes);
    for (const each of found.writes) realKernelFs.write(`${each.path}/${MEMORY_MIN}`, String(asked));
    const kept = Number(realKernelFs.read(`${leaf}/${MEMORY_MIN}`));
    if (kept !== asked) throw without(`the kernel keeps ${kept} in ${leaf}/${MEMORY_MIN} instead of ${asked}`);
    log('info', `${formatBytes(asked)} of ${leaf} are protected`, { path: leaf, bytes: asked });
    const bound = boundOf(leaf, asked, found);
    if (bound !== undefined) warn(bound);
  } catch (error) {
    if (error instanceof ThubanError) warn(error);
    else if (errnoOf(error) === undefined) throw error;
    else warn(without(`the memory of the supervisor is not protected: ${reasonOf(error)}`, { cause: error }));
  }
}

interface Entry {
  path: string;
  leaf: string;
  unified: UnifiedFacts;
  ours: ReadonlySet<number>;
}

/**
 * Sees to it that we are in the leaf, with a memory controller. Gives the group that was made for us: the one that holds the leaf, or the one
 * that the daemon was started in, if that is above it.
 */
function enterLeaf({ path, leaf, unified, ours }: Entry, cleanup: Cleanup): string {
  const from = ownDirectory(unified);
  if (from === leaf) return path;
  if (process.env['INVOCATION_ID'] !== undefined)
    throw without(`the memory of the supervisor is not protected: systemd keeps it in ${from}, apart from ${path}`, {
      hint: `set \`DelegateSubgroup=${SUPERVISOR}\` in the unit (systemd 254), or \`MemoryMin=\` instead of this key`,
    });
  const value = '+memory';
  if (!words(realKernelFs.read(`${path}/cgroup.subtree_control`)).includes('memory'))
    enableControllers(realKernelFs, { op: 'write', controller: 'cgroup', path, file: 'cgroup.subtree_control', value });
  makeLeaf(realKernelFs, leaf);
  cleanup.defer('group of the supervisor', async () => {
    try {
      await emptyLeaf(realKernelFs, leaf, from);
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof ThubanError)) throw error; // somebody else is in it
    }
  });
  for (const pid of ours) moveTo(realKernelFs, leaf, pid);
  return path.startsWith(`${from}/`) ? from : path;
}

function words(text: string): string[] {
  return text.split(/\s+/);
}

function boundOf(
  leaf: string,
  asked: number,
  { lower, whole }: ReturnType<typeof planProtection>,
): ThubanError | undefined {
  if (lower.length > 0) {
    const least = Math.min(...lower.map(({ bytes }) => bytes));
    const named = lower.map(({ path, bytes }) => `${formatBytes(bytes)} in ${path}`).join(', ');
    return without(
      `${formatBytes(least)} of the supervisor's memory are protected, not ${formatBytes(asked)}: ${MEMORY_MIN} is ${named}`,
      {
        hint: `raise it there, with systemd by \`MemoryMin=\` of the unit and of its slices`,
        details: { path: leaf, asked, lower },
      },
    );
  }
  if (whole) return undefined;
  return without(`groups above this cgroup namespace may protect less than ${formatBytes(asked)} of ${leaf}`, {
    hint: `see ${MEMORY_MIN} of the groups above it on the host`,
    details: { path: leaf, asked },
  });
}

function noKnob(version: 1 | 2 | undefined): ThubanError {
  return without(
    version === 1
      ? 'the memory of the supervisor is not protected: cgroups v1 has nothing like memory.min'
      : 'the memory of the supervisor is not protected: there is no memory controller',
    { hint: 'boot with cgroups v2, or remove `cgroups.supervisor_memory_min`' },
  );
}

function without(message: string, more: ConstructorParameters<typeof ThubanError>[2] = {}): ThubanError {
  return new ThubanError('TH2016', message, more);
}
