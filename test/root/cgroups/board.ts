import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import {
  acquireGroups,
  detectCgroups,
  planCgroups,
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
export function skipUnless(...v1: string[]): string | false {
  if (!root) return 'needs root: sudo node --import tsx --test test/root/cgroups/*.test.ts';
  const missing = v1.filter((name) => facts.controllers[name]?.version !== 1);
  return missing.length === 0 ? false : `this kernel has no v1 controller ${missing.join(', ')}`;
}

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

/** Plans, acquires, runs the body and removes, whatever happens; then nothing may be left. */
export async function withGroups(
  resources: Resources,
  body: (groups: AcquiredGroups, plan: CgroupPlan) => void | Promise<void>,
  more: Partial<CgroupRequest> = {},
): Promise<void> {
  const plan = planCgroups(request(resources, more));
  const groups = acquireGroups(fs, plan);
  try {
    await body(groups, plan);
  } finally {
    await groups.kill();
    assert.deepEqual(await groups.remove(), []);
  }
  assertNothingLeft();
}

/** No directory of this test run in any hierarchy. */
export function assertNothingLeft(): void {
  const left = Object.values(facts.controllers)
    .map(
      ({ mountpoint, root: mountRoot, own }) =>
        mountpoint + own.slice(mountRoot === '/' ? 0 : mountRoot.length).replace(/^\/$/, ''),
    )
    .filter((path) => realKernelFs.list(path).some((entry) => entry.name === TOP));
  assert.deepEqual(left, []);
}

export function content(groups: AcquiredGroups, file: string): string {
  const group = groups.groups.find(({ controllers }) => controllers.includes(file.split('.')[0] ?? ''));
  assert.ok(group, `no group for ${file}`);
  return fs.read(`${group.path}/${file}`).trimEnd();
}

/** A shell that first joins the groups by itself (`0` into `tasks`, as a container's program does) and then runs the script. */
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

/** Waits for a condition, at most two seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`not within two seconds: ${what}`);
}
