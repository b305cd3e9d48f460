import { setTimeout as sleep } from 'node:timers/promises';
import { realKernelFs } from '../../cgroups/index.ts';
import type { Probe } from './probe.ts';
import type { Finding } from './types.ts';

const STILL_MS = 150;

/** A program in an endless loop stands still while its group is frozen. v2 has it in every group. */
export async function freezer(probe: Probe): Promise<Finding> {
  const group = probe.container?.groups.groups.find(({ version }) => version === 2);
  if (group === undefined)
    return { result: 'not tried', proof: 'containers are in no freezer group on cgroups v1', harmless: true };
  const file = `${group.path}/cgroup.freeze`;
  realKernelFs.write(file, '1');
  try {
    await sleep(STILL_MS); // until it has come to a stop
    const before = Number(probe.stats()?.cpu?.usage_us);
    await sleep(STILL_MS);
    const ran = Number(probe.stats()?.cpu?.usage_us) - before;
    const proof = `${Math.round(ran / 1000)} ms of CPU in ${STILL_MS} ms frozen`;
    return { result: ran < 1000 ? 'enforced' : 'ignored', proof };
  } finally {
    realKernelFs.write(file, '0');
  }
}

/** It was held back by its quota, so that it has waited for the CPU. */
export function pressure(probe: Probe): Finding {
  const stats = probe.stats();
  const some = stats?.psi?.cpu?.some;
  if (some === undefined || some === null)
    return stats?.cgroups === 'v2'
      ? { result: 'absent', proof: 'no cpu.pressure in a group' }
      : {
          result: 'absent',
          proof: 'not on cgroups v1',
          harmless: true,
          remedy: 'boot with cgroups v2 (systemd.unified_cgroup_hierarchy=1)',
        };
  return { result: 'present', proof: `the throttled loop waited ${Math.round(Number(some.total_us) / 1000)} ms` };
}
