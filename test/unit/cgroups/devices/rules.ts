import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  FakeKernelFs,
  type CgroupFacts,
  type CgroupPlan,
  type CgroupRequest,
  type DeviceRule,
} from '../../../../src/cgroups/index.ts';
import { planCgroups } from '../../../../src/cgroups/index.ts';
import { deviceList, isConflict, type DeviceList } from '../../../../src/cgroups/devices/list.ts';
import { request } from '../requests.ts';

/** What the kernel asks: an open asks for both at once, a node is made alone. */
export const ASKED = ['r', 'w', 'rw', 'm'] as const;

export interface Node {
  type: 'b' | 'c';
  major: number;
  minor: number;
}

/** Few numbers, so that rules meet. */
export const nodes: Node[] = (['b', 'c'] as const).flatMap((type) =>
  [1, 2, 3].flatMap((major) => [1, 2, 3].map((minor) => ({ type, major, minor }))),
);

const access = fc.constantFrom('r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm');
const number = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });

export const anyRule: fc.Arbitrary<DeviceRule> = fc
  .record({
    allow: fc.boolean(),
    type: fc.constantFrom('a', 'b', 'c', 'b', 'c'),
    major: number,
    minor: number,
    access,
  })
  .map(({ major, minor, ...rule }) =>
    rule.type === 'a'
      ? rule
      : { ...rule, ...(major === undefined ? {} : { major }), ...(minor === undefined ? {} : { minor }) },
  );

export const anyRules = fc.array(anyRule, { maxLength: 8 });

/** Lists without holes, which alone can be held. */
export const anyList: fc.Arbitrary<DeviceList> = anyRules
  .map((rules) => deviceList(rules))
  .filter((made): made is DeviceList => !isConflict(made));

export function planned(
  version: 'v1' | 'v2',
  devices: DeviceRule[],
  more: Partial<CgroupRequest> & { facts?: CgroupFacts } = {},
): CgroupPlan {
  return planCgroups(request(version, { devices }, more));
}

export function v1Rules(plan: CgroupPlan): string[][] {
  return plan.writes
    .filter(({ controller, op }) => controller === 'devices' && op === 'write')
    .map(({ file = '', value = '' }) => [file, value]);
}

export function v2Program(plan: CgroupPlan): Buffer {
  const write = plan.writes.find(({ op }) => op === 'devices');
  assert.ok(write?.program !== undefined, 'there is no device program in the plan');
  return Buffer.from(write.program, 'base64');
}

export function deviceBoard(): FakeKernelFs {
  const fs = new FakeKernelFs({ mounts: [{ version: 1, mountpoint: '/dev-cg', controllers: ['devices'] }] });
  fs.mkdir('/dev-cg/box');
  return fs;
}
