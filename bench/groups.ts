import { mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ThubanError, type Cleanup } from '../src/base/index.ts';
import { prepareParent, realKernelFs, type CgroupPlan } from '../src/cgroups/index.ts';
import type { Facts, LaunchPlan } from '../src/runtime/index.ts';

/** The groups and limits of a plan, below another folder. */
export interface GroupSet {
  folders: string[];
  writes: { file: string; value: string }[];
  /** v1: written `0` into by the program. */
  tasks: string[];
  /** v2: the group that the program is made in. */
  unified?: string;
}

/** The same groups with the same limits as the plan, each as `name` in the folder that `place` gives for the plan's own. */
export function sameGroups(plan: CgroupPlan, name: string, place: (parent: string) => string): GroupSet {
  const moved = new Map(plan.groups.map(({ path }) => [path, join(place(dirname(path)), name)]));
  const at = (path: string): string => moved.get(path) ?? path;
  const unified = plan.groups.find(({ version }) => version === 2);
  return {
    folders: [...moved.values()],
    writes: plan.writes.flatMap(({ op, path, file, value, instead_of }) =>
      op === 'write' && file !== undefined && value !== undefined && instead_of === undefined && moved.has(path)
        ? [{ file: join(at(path), file), value }]
        : [],
    ),
    tasks: plan.groups.filter(({ version }) => version === 1).map(({ path }) => join(at(path), 'tasks')),
    ...(unified === undefined ? {} : { unified: at(unified.path) }),
  };
}

/**
 * Makes a folder of the benchmark's own beside the one of the plan's groups, in every hierarchy, with the same controllers handed down.
 * It stays until the end, so that contestants make and remove only what each start needs.
 */
export function ownPlace(plan: LaunchPlan, facts: Facts, cleanup: Cleanup): (parent: string) => string {
  const place = (parent: string): string => join(dirname(parent), `thuban-bench-${process.pid}`);
  for (const { path, version, controllers } of plan.cgroup.groups) {
    const folder = place(dirname(path));
    if (version === 2) handDown(facts, dirname(folder), controllers, cleanup);
    mkdirSync(folder);
    cleanup.defer(`remove ${folder}`, () => {
      rmdirSync(folder);
    });
    if (version === 1) continue;
    realKernelFs.write(join(folder, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
  }
  return place;
}

function handDown(facts: Facts, parent: string, controllers: readonly string[], cleanup: Cleanup): void {
  const prepared = prepareParent(realKernelFs, facts.cgroups, parent, controllers);
  cleanup.defer('cgroup parent', () => prepared.undo());
  if (prepared.moved > 0)
    throw new ThubanError('TH2007', `${parent} holds processes, so groups cannot be made in it`, {
      hint: 'run the benchmark from a group of its own',
    });
}
