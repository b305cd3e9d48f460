import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { formatBytes, version } from '../src/base/index.ts';

/** What the figures depend on. */
export interface MachineFacts {
  date: string;
  kernel: string;
  arch: string;
  cpu: string;
  cpus: number;
  /** Bytes. */
  memory: number;
  cgroups: string;
  node: string;
  thuban: string;
}

export function machineFacts(cgroups: string): MachineFacts {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    kernel: release(),
    arch: arch(),
    // Empty on some boards.
    cpu: processors[0]?.model.trim() ?? '',
    cpus: processors.length,
    memory: totalmem(),
    cgroups,
    node: process.version.slice(1),
    thuban: version,
  };
}

export function machineLine(machine: MachineFacts): string {
  const cpu = machine.cpu === '' ? '' : ` (${machine.cpu})`;
  return (
    `Thuban ${machine.thuban}, Node ${machine.node}, kernel ${machine.kernel} ${machine.arch}, cgroups ${machine.cgroups}, ` +
    `${machine.cpus} CPUs${cpu}, ${formatBytes(machine.memory)} RAM`
  );
}

/** One minute's load average: what else goes on, told before it begins. */
export function load(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}
