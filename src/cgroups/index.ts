export type { KernelEntry, KernelFs } from './kernel-fs.ts';
export { plainFacts, type CgroupFacts, type ControllerFacts, type Layout, type UnifiedFacts } from './facts.ts';
export { detectCgroups } from './detect.ts';
export { groupName, ownDirectory, parentDirectory, SUPERVISOR } from './paths.ts';
export type { DeviceRate, DeviceWeight, Resources } from './resources.ts';
export type { CgroupPlan, CgroupRequest, CgroupWrite, Group, Machine, Notice, Strategy } from './plan-types.ts';
export { DEFAULT_TOP, planCgroups } from './plan.ts';
export { formatCpulist, parseCpulist } from './cpulist.ts';
export { blkioToIoWeight, sharesToWeight } from './weights.ts';
export { acquireGroups } from './acquire.ts';
export { planUpdate, type CgroupUpdate } from './plan-update.ts';
export { applyUpdate } from './apply-update.ts';
export { belowUse, type BelowUse } from './check-use.ts';
export { AcquiredGroups, type AcquiredOptions, type Signaller } from './acquired.ts';
export {
  classifyOom,
  readOomCounters,
  watchMemoryEvents,
  type ExitFacts,
  type OomCounters,
  type OomVerdict,
} from './oom.ts';
export { removeGroups, type Leftover } from './remove.ts';
export { cpuUsage, memoryUsage, type CpuUsage, type MemoryUsage } from './stats.ts';
export { realKernelFs } from './real-kernel-fs.ts';
export { FakeKernelFs, type FakeOptions, type Fault } from './fake/fake-kernel-fs.ts';
export type { FakeMachine, FakeMount } from './fake/group.ts';
export { prepareParent, type PreparedParent } from './prepare-parent.ts';
export { listGroups, topFolders } from './list.ts';
