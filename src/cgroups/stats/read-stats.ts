import type { KernelFs } from '../kernel-fs.ts';
import type { Group } from '../plan-types.ts';
import { killsBelow } from '../kills-below.ts';
import { fileNames, readIf } from '../read.ts';
import { cpuV1, cpuV2 } from './cpu.ts';
import { ioV1, ioV2 } from './io.ts';
import { memoryV1, memoryV2 } from './memory.ts';
import { hugetlb, pids, rdma } from './others.ts';
import { pressure } from './pressure.ts';
import type { GroupStats, HugetlbStats } from './types.ts';
import type { Read } from './values.ts';

const nothing: Read = () => undefined;

/**
 * All that the kernel counts for a container, each file read once. `gone`: the groups were removed meanwhile. Nothing is walked but the groups below
 * a v1 memory group, where the kernel does not add up.
 */
export function readStats(fs: KernelFs, groups: readonly Group[]): GroupStats | 'gone' {
  let found = groups.length === 0;
  const reader = (group: Group | undefined): Read =>
    group === undefined
      ? nothing
      : (file) => {
          const text = readIf(fs, `${group.path}/${file}`);
          if (text !== undefined) found = true;
          return text;
        };
  const of = (name: string): Group | undefined => groups.find(({ controllers }) => controllers.includes(name));
  const unified = groups.find(({ version }) => version === 2);
  const memory = of('memory');
  const hugepages = of('hugetlb');
  const stats: GroupStats = {
    cgroups: unified !== undefined ? 'v2' : groups.length > 0 ? 'v1' : null,
    memory:
      memory === undefined
        ? null
        : memory.version === 2
          ? memoryV2(reader(memory))
          : memoryV1(reader(memory), killsBelow(fs, memory.path) ?? null),
    cpu: cpuOf(of('cpu'), of('cpuacct'), unified, reader),
    io: ioOf(of('io'), of('blkio'), reader),
    pids: of('pids') === undefined ? null : pids(reader(of('pids'))),
    hugetlb: hugepages === undefined ? null : hugetlbOf(fs, hugepages, reader(hugepages)),
    rdma: of('rdma') === undefined ? null : rdma(reader(of('rdma'))),
    psi: psiOf(reader(unified)),
  };
  return found ? stats : 'gone';
}

type Reader = (group: Group | undefined) => Read;

/** cpu.stat of v2 tells the time even without the controller. */
function cpuOf(
  cpu: Group | undefined,
  account: Group | undefined,
  unified: Group | undefined,
  reader: Reader,
): GroupStats['cpu'] {
  if (cpu?.version === 2) return cpuV2(reader(cpu));
  if (cpu !== undefined || account !== undefined) return cpuV1(reader(cpu), reader(account));
  return unified === undefined ? null : cpuV2(reader(unified));
}

function ioOf(io: Group | undefined, blkio: Group | undefined, reader: Reader): GroupStats['io'] {
  if (blkio !== undefined) return ioV1(reader(blkio));
  const text = reader(io)('io.stat');
  return text === undefined ? null : ioV2(text);
}

function psiOf(read: Read): GroupStats['psi'] {
  const psi = {
    cpu: pressure(read('cpu.pressure')),
    memory: pressure(read('memory.pressure')),
    io: pressure(read('io.pressure')),
  };
  return psi.cpu === null && psi.memory === null && psi.io === null ? null : psi;
}

function hugetlbOf(fs: KernelFs, group: Group, read: Read): HugetlbStats[] {
  const limit = group.version === 1 ? /^hugetlb\.([^.]+)\.limit_in_bytes$/ : /^hugetlb\.([^.]+)\.max$/;
  const sizes = fileNames(fs, group.path).flatMap((name) => limit.exec(name)?.[1] ?? []);
  return hugetlb(read, group.version, sizes);
}
