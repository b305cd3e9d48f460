import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import {
  acquireGroups,
  detectCgroups,
  ownDirectory,
  planCgroups,
  prepareParent,
  realKernelFs,
  type AcquiredGroups,
  type CgroupFacts,
  type CgroupPlan,
  type CgroupRequest,
  type Resources,
} from '../../../src/cgroups/index.ts';

/** All that these tests make lies below this name, in every hierarchy. */
export const TOP = `thuban-test-${process.pid}`;

export const fs = realKernelFs;

const root = process.getuid?.() === 0;
export const facts: CgroupFacts = detectCgroups(
  { mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'), selfCgroup: readFileSync('/proc/self/cgroup', 'utf8') },
  realKernelFs,
);

/** The reason to skip, printed by the runner, or false. */
export function skipUnless(version: 1 | 2, ...controllers: string[]): string | false {
  if (!root) return 'needs root: sudo node --import tsx --test test/root/cgroups/*.test.ts';
  const missing = controllers.filter((name) => facts.controllers[name]?.version !== version);
  return missing.length === 0 ? false : `this kernel has no v${version} controller ${missing.join(', ')}`;
}

/** The version that the memory controller is on here: what is asked of either is asked of this one. */
export const version: 1 | 2 = facts.controllers['memory']?.version ?? 2;

/** A whole disk, since partitions and loop devices without a file cannot be limited. */
export function disk(): { path: string; major: number; minor: number } | undefined {
  for (const name of readdirSync('/sys/block')) {
    if (/^(loop|ram|zram)/.test(name)) continue;
    const [major, minor] = readFileSync(`/sys/block/${name}/dev`, 'utf8').trim().split(':').map(Number);
    if (major !== undefined && minor !== undefined) return { path: `/dev/${name}`, major, minor };
  }
  return undefined;
}

let counter = 0;

export function request(resources: Resources, more: Partial<CgroupRequest> = {}): CgroupRequest {
  return {
    resources,
    name: `test-${++counter}`,
    version: '1.0.0',
    facts,
    parent: 'self',
    top: TOP,
    enforce: 'strict',
    machine: {
      pageSize: 4096,
      cpus: `0-${availableParallelism() - 1}`,
      nodes: '0',
      memory: totalmem(),
      swap: false,
    },
    ...more,
  };
}

/** What a daemon does first and last: on v2 the group that all others are made in must hand the controllers down. */
export async function onBoard(body: () => void | Promise<void>): Promise<void> {
  const parent = prepareParent(fs, facts, 'self');
  try {
    await body();
  } finally {
    await parent.undo();
  }
  assertNothingLeft();
}

/** Plans, acquires, runs the body and removes, whatever happens; then nothing may be left. */
export async function withGroups(
  resources: Resources,
  body: (groups: AcquiredGroups, plan: CgroupPlan) => void | Promise<void>,
  more: Partial<CgroupRequest> = {},
): Promise<void> {
  await onBoard(async () => {
    const plan = planCgroups(request(resources, more));
    const groups = acquireGroups(fs, plan);
    try {
      await body(groups, plan);
    } finally {
      await groups.kill();
      assert.deepEqual(await groups.remove(), []);
    }
  });
}

/** No directory of this test run in any hierarchy. */
function assertNothingLeft(): void {
  const mounts = [...Object.values(facts.controllers), ...(facts.unified === undefined ? [] : [facts.unified])];
  const left = mounts
    .map((mount) => ownDirectory(mount))
    .filter((path) => realKernelFs.list(path).some((entry) => entry.name === TOP));
  assert.deepEqual(left, []);
}

export function content(groups: AcquiredGroups, file: string): string {
  const group = groups.groups.find(({ controllers }) => controllers.includes(file.split('.')[0] ?? ''));
  assert.ok(group, `no group for ${file}`);
  return fs.read(`${group.path}/${file}`).trimEnd();
}

/** A shell that first joins the groups by itself (`0` into `tasks` on v1, as a container's program does) and then runs the script. */
export function inside(groups: AcquiredGroups, script: string): ChildProcess {
  const join = groups.joins
    .map(({ path, version }) => `echo 0 > '${path}${version === 2 ? '/cgroup.procs' : ''}'`)
    .join(' && ');
  return spawn('/bin/sh', ['-c', `${join} || exit 99\n${script}`], { stdio: 'ignore' });
}

export async function ended(child: ChildProcess): Promise<{ code?: number; signal?: string }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return {
    ...(child.exitCode === null ? {} : { code: child.exitCode }),
    ...(child.signalCode === null ? {} : { signal: child.signalCode }),
  };
}
