import {
  plainFacts,
  planCgroups,
  type CgroupFacts,
  type CgroupPlan,
  type CgroupRequest,
  type Resources,
} from '../../../src/cgroups/index.ts';

/** A request for a plain board with four processors; every test changes only what it is about. */
export function request(version: 'v1' | 'v2', resources: Resources, more: Partial<CgroupRequest> = {}): CgroupRequest {
  return {
    resources,
    name: 'app',
    version: '1.0.0',
    facts: plainFacts(version),
    parent: 'self',
    enforce: 'strict',
    machine: { pageSize: 4096, cpus: '0-3', nodes: '0', memory: 2 ** 30 },
    ...more,
  };
}

/** The limits of a plan, without the tree's own files and without what a v1 cpuset inherits at other levels. */
export function limits(plan: CgroupPlan): [string, string][] {
  return plan.writes
    .filter((write) => write.op === 'write' && write.file !== 'cgroup.subtree_control')
    .map((write) => [write.file ?? '', write.value ?? '']);
}

export function planned(
  version: 'v1' | 'v2',
  resources: Resources,
  more: Partial<CgroupRequest> = {},
): [string, string][] {
  return limits(planCgroups(request(version, resources, more)));
}

/** Facts of a board on which one controller has exactly these files. */
export function withKnobs(facts: CgroupFacts, controller: string, knobs: string[]): CgroupFacts {
  const found = facts.controllers[controller];
  if (found === undefined) throw new Error(`no ${controller} in these facts`);
  return { ...facts, controllers: { ...facts.controllers, [controller]: { ...found, knobs } } };
}

/** The same board without one controller. */
export function without(facts: CgroupFacts, controller: string): CgroupFacts {
  const controllers = Object.fromEntries(Object.entries(facts.controllers).filter(([name]) => name !== controller));
  return { ...facts, controllers };
}
