import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from '../src/base/index.ts';
import {
  acquireGroups,
  planCgroups,
  readStats,
  realKernelFs,
  removeGroups,
  type AcquiredGroups,
  type CgroupPlan,
  type CgroupRequest,
  type KernelFs,
  type SharedGroups,
} from '../src/cgroups/index.ts';
import { machineOf, type Facts } from '../src/runtime/index.ts';
import type { Options } from './options.ts';
import { takeTurns, type Way, type WayRow } from './take-turns.ts';
import { TurnProcess } from './turn-process.ts';
import type { Workshop } from './workshop.ts';

export interface GroupResults {
  cycle: WayRow[];
  /** Values that are written in each cycle. */
  limits: number;
  stats: WayRow[];
  /** How many containers' groups are read in each turn. */
  running: number;
}

const MiB = 1024 * 1024;
const RUNNING = 100;

/** What all of them share stays until the end, as it does beside other containers. */
const shared: SharedGroups = { made: () => undefined, above: () => [], gone: () => undefined };

/** Ten files, on either version. */
const RESOURCES: CgroupRequest['resources'] = {
  memory: { memory_hard_limit: 64 * MiB, memory_soft_limit: 32 * MiB, memory_swap_limit: 96 * MiB },
  cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 10_000, cpus: '0', mems: '0' },
  pids: { limit: 64 },
};

/** What it costs to make, limit and remove the groups of a container, and to read the statistics of many. */
export async function measureGroups(workshop: Workshop, options: Options, signal: AbortSignal): Promise<GroupResults> {
  const { facts, cleanup } = workshop;
  const request = { ...requestOf(facts), top: `thuban-bench-groups-${process.pid}` };
  const planOf = (name: string): CgroupPlan => planCgroups({ ...request, name });
  const keeper = acquireGroups(realKernelFs, planOf('keeper'));
  cleanup.defer('groups of the benchmark', async () => {
    await keeper.remove();
  });
  const once = async (fs: KernelFs): Promise<undefined> => {
    const plan = planOf('measured');
    const groups = acquireGroups(fs, plan, { shared });
    await groups.remove();
    return undefined;
  };
  const cycle = recorded();
  await once(cycle.fs);
  const own = new Set(planOf('measured').groups.map(({ path }) => path));
  const calls = cycle.calls.filter(
    ({ kind, path }) => kind !== 'read' && [...own].some((group) => path.startsWith(group)),
  );
  const running = acquireMany(planOf, cleanup);
  const reads = recorded();
  const statistics = (fs: KernelFs) => (): undefined => {
    for (const groups of running) readAll(fs, groups);
    return undefined;
  };
  statistics(reads.fs)();
  const rounds = options.rounds * 5;
  return {
    cycle: await takeTurns(
      [floor('floor: C, the same calls', calls, workshop, 'cycle'), { name: 'thuban', run: () => once(realKernelFs) }],
      rounds,
      20,
      signal,
    ),
    limits: calls.filter(({ kind }) => kind === 'write').length,
    stats: await takeTurns(
      [
        floor('floor: C, the same files', reads.calls, workshop, 'stats'),
        { name: 'thuban', run: statistics(realKernelFs) },
      ],
      rounds,
      20,
      signal,
    ),
    running: RUNNING,
  };
}

function requestOf(facts: Facts): Omit<CgroupRequest, 'name'> {
  const { layout, unified } = facts.cgroups;
  return {
    resources: RESOURCES,
    version: '1.0.0',
    facts: facts.cgroups,
    // On v2 a group that holds processes hands nothing down, so the groups stand below the top of the mount.
    parent: layout === 'v2' && unified !== undefined ? unified.mountpoint : 'self',
    enforce: 'best_effort', // a kernel without swap accounting is measured with a limit less
    machine: machineOf(facts),
  };
}

function acquireMany(planOf: (name: string) => CgroupPlan, cleanup: Cleanup): AcquiredGroups[] {
  const paths: string[] = [];
  cleanup.defer('groups of statistics', async () => {
    await removeGroups(realKernelFs, paths, { shared });
  });
  return Array.from({ length: RUNNING }, (_, number) => {
    const plan = planOf(`running-${number}`);
    paths.push(...plan.groups.map(({ path }) => path));
    return acquireGroups(realKernelFs, plan, { shared });
  });
}

function readAll(fs: KernelFs, { groups }: AcquiredGroups): void {
  readStats(fs, groups);
}

interface Call {
  kind: 'mkdir' | 'write' | 'read' | 'rmdir';
  path: string;
  value?: string;
}

/** The kernel, and what was asked of it with success. */
function recorded(): { fs: KernelFs; calls: Call[] } {
  const calls: Call[] = [];
  const fs: KernelFs = {
    ...realKernelFs,
    mkdir: (path) => {
      realKernelFs.mkdir(path);
      calls.push({ kind: 'mkdir', path });
    },
    rmdir: (path) => {
      realKernelFs.rmdir(path);
      calls.push({ kind: 'rmdir', path });
    },
    write: (path, value) => {
      realKernelFs.write(path, value);
      calls.push({ kind: 'write', path, value });
    },
    read: (path) => {
      const text = realKernelFs.read(path);
      calls.push({ kind: 'read', path });
      return text;
    },
  };
  return { fs, calls };
}

function floor(name: string, calls: readonly Call[], workshop: Workshop, file: string): Way {
  const list = join(workshop.folder, `${file}.calls`);
  writeFileSync(list, calls.map(({ kind, path, value = '' }) => `${kind} ${path} ${value}`.trim()).join('\n') + '\n');
  const program = new TurnProcess(name, 'floor', workshop.programs.groups, [list]);
  workshop.cleanup.defer(name, () => program[Symbol.asyncDispose]());
  return {
    name,
    run: async () => {
      const { begin, gone } = await program.turn();
      return Number((gone ?? begin) - begin) / 1e6;
    },
  };
}
