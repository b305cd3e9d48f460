import assert from 'node:assert/strict';
import {
  acquireGroups,
  applyUpdate,
  planCgroups,
  planUpdate,
  type AcquiredGroups,
  type CgroupPlan,
  type CgroupUpdate,
  type FakeKernelFs,
  type Resources,
} from '../../../src/cgroups/index.ts';
import { factsOf } from './fake-boards.ts';
import { request } from './requests.ts';

/** A container on a fake board whose limits can be changed. */
export class Live {
  readonly fs: FakeKernelFs;
  readonly groups: AcquiredGroups;
  #plan: CgroupPlan;

  constructor(fs: FakeKernelFs, first: Resources, groupsFor: Resources = first) {
    this.fs = fs;
    // The groups that any of the later limits needs are there from the start.
    const made = this.plan(groupsFor);
    this.#plan = this.plan(first);
    const inGroups = new Set(this.#plan.groups.map(({ path }) => path));
    const extra = made.writes.filter(({ op, path }) => op === 'mkdir' && !inGroups.has(path));
    this.groups = acquireGroups(fs, {
      ...this.#plan,
      groups: made.groups,
      writes: [
        ...made.writes.filter(({ file }) => file === 'cgroup.subtree_control'),
        ...extra,
        ...this.#plan.writes,
      ].sort((a, b) => Number(a.op !== 'mkdir') - Number(b.op !== 'mkdir')),
    });
  }

  plan(resources: Resources): CgroupPlan {
    return planCgroups(request('v1', resources, { facts: factsOf(this.fs) }));
  }

  planTo(resources: Resources): CgroupUpdate {
    return planUpdate(this.groups.groups, [this.#plan], this.plan(resources));
  }

  /** Writes that reached the container's own files: `file value`. */
  update(resources: Resources, force = false): string[] {
    const update = this.planTo(resources);
    assert.deepEqual(update.obstacles, []);
    this.fs.log.length = 0;
    applyUpdate(this.fs, update, { force });
    this.#plan = this.plan(resources);
    return this.written;
  }

  get written(): string[] {
    return this.fs.log.flatMap((line) => (line.startsWith('write ') ? [line.replace(/^write \S*\//, '')] : []));
  }

  show(file: string): string {
    const group = this.groups.groups.find(({ controllers }) => controllers.includes(file.split('.')[0] ?? ''));
    return this.fs.read(`${group?.path ?? ''}/${file}`).trimEnd();
  }

  path(file: string): string {
    const group = this.groups.groups.find(({ controllers }) => controllers.includes(file.split('.')[0] ?? ''));
    return `${group?.path ?? ''}/${file}`;
  }
}
