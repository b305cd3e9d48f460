import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acquireGroups,
  planCgroups,
  planDeviceChange,
  updateDevices,
  type AcquiredGroups,
  type CgroupFacts,
  type CgroupPlan,
  type DeviceRule,
} from '../../../src/cgroups/index.ts';
import type { LauncherClient } from '../../../src/launcher/index.ts';
import { attachDevicePrograms, deviceAttacher } from '../../../src/runtime/device-programs.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { withLauncher } from '../../support/launcher.ts';
import { ended, facts, fs, inside, onBoard, request, skipUnless } from './board.ts';

export interface DeviceBoard {
  groups: AcquiredGroups;
  plan: CgroupPlan;
  launcher: LauncherClient;
  /** A folder for nodes and notes. */
  folder: string;
  /** Puts other rules in force, as a live update does. */
  change: (rules: DeviceRule[] | undefined) => Promise<string>;
  /** What a shell in the group gets to see for each command: `ok`, or what it complained about. */
  probe: (commands: string[]) => Promise<string[]>;
}

/** The board as it would be if only this version had devices. A hybrid one has both. */
export function factsWith(version: 1 | 2): CgroupFacts {
  if (version === 1) return facts;
  const { devices: _devices, ...controllers } = facts.controllers;
  return { ...facts, controllers };
}

export function skipDevices(version: 1 | 2): string | false {
  if (version === 1) return skipUnless(1, 'devices');
  return skipUnless(2) || (facts.unified === undefined && 'no cgroup2 is mounted');
}

/** A group with these rules, as a container gets it, and a launcher that attaches the program where it takes one. */
export async function withDevices(
  version: 1 | 2,
  devices: DeviceRule[] | undefined,
  body: (board: DeviceBoard) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'thuban-test-'));
  try {
    await leavesNothingBehind(() =>
      withLauncher(0, ({ client: launcher }) =>
        onBoard(async () => {
          const base = request({}, { facts: factsWith(version) });
          const planOf = (rules: DeviceRule[] | undefined): CgroupPlan =>
            planCgroups({ ...base, resources: rules === undefined ? {} : { devices: rules } });
          let plan = planOf(devices);
          const groups = acquireGroups(fs, plan);
          try {
            await attachDevicePrograms(launcher, plan);
            await body({
              groups,
              plan,
              launcher,
              folder,
              probe: (commands) => probe(groups, folder, commands),
              change: async (rules) => {
                const next = planOf(rules);
                const change = planDeviceChange(fs, groups.groups, [plan], next);
                await updateDevices(fs, change, deviceAttacher(launcher, []));
                plan = next;
                return change.how;
              },
            });
          } finally {
            await groups.kill();
            assert.deepEqual(await groups.remove(), []);
          }
        }),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function probe(groups: AcquiredGroups, folder: string, commands: string[]): Promise<string[]> {
  const notes = join(folder, 'notes');
  const lines = commands.map((command) => `if said=$( (${command}) 2>&1 ); then echo ok; else echo "$said"; fi`);
  const child = inside(groups, `{ ${lines.join('; ')}; } > '${notes}'`);
  assert.deepEqual(await ended(child), { code: 0 });
  return readFileSync(notes, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (line.includes('not permitted') ? 'EPERM' : line));
}
