import type { Machine } from '../cgroups/index.ts';
import type { Facts } from './facts.ts';

/** What the planner of cgroups must know of the board. */
export function machineOf(facts: Facts): Machine {
  return {
    pageSize: facts.page_size,
    cpus: facts.cpus,
    nodes: facts.nodes,
    memory: facts.memory,
    swap: facts.swap,
    preemptRt: facts.preempt_rt,
    kernel: facts.kernel,
    ...(facts.psi === undefined ? {} : { psi: facts.psi }),
    ...(facts.capabilities === undefined ? {} : { sysResource: facts.capabilities.includes('CAP_SYS_RESOURCE') }),
    blockDevices: facts.block_devices,
  };
}
