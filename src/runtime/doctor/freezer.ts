import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from './probe.ts';
import type { Finding } from './types.ts';

const STILL_MS = 150;

/** A program in an endless loop stands still while its group is frozen. */
export async function freezer(probe: Probe): Promise<Finding> {
  const groups = probe.container?.groups;
  if (groups?.freezer === undefined) return { result: 'absent', proof: 'no group of the container has a freezer' };
  const { outcome } = await groups.freeze();
  if (outcome !== 'frozen') return { result: 'ignored', proof: `the loop did not come to rest (${outcome})` };
  try {
    const before = Number(probe.stats()?.cpu?.usage_us);
    await sleep(STILL_MS);
    const ran = Number(probe.stats()?.cpu?.usage_us) - before;
    const proof = `${Math.round(ran / 1000)} ms of CPU in ${STILL_MS} ms frozen`;
    return { result: ran < 1000 ? 'enforced' : 'ignored', proof };
  } finally {
    await groups.thaw();
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
