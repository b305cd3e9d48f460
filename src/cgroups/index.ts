export type { KernelEntry, KernelFs } from './kernel-fs.ts';
export { plainFacts, type CgroupFacts, type ControllerFacts, type Layout, type UnifiedFacts } from './facts.ts';
export { controllerRemedy } from './controllers.ts';
export { onlyDelegated } from './delegated.ts';
export { detectCgroups } from './detect.ts';
export { boundedName, groupName, ownDirectory, parentDirectory, SUPERVISOR } from './paths.ts';
export type { DeviceRate, DeviceWeight, PressureResources, Resources } from './resources.ts';
export type { DeviceRule } from './devices/rule.ts';
export type {
  CgroupPlan,
  CgroupRequest,
  CgroupWrite,
  DeviceProgram,
  Group,
  Machine,
  Monitor,
  Notice,
  Strategy,
} from './plan-types.ts';
export { DEFAULT_TOP, planCgroups } from './plan.ts';
export { formatCpulist, parseCpulist } from './cpulist.ts';
export { blkioToIoWeight, sharesToWeight } from './weights.ts';
export { ioLimitWait, isOf32Bits, kernelAge, type KernelAge } from './io-guard.ts';
export { acquireGroups } from './acquire.ts';
export { planUpdate, type CgroupUpdate } from './plan-update.ts';
export { applyUpdate, type AppliedUpdate } from './apply-update.ts';
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
export { ancestorOf, readAbove, type Above, type Ancestor, type AncestorCounters } from './above.ts';
export { readMemoryEvents } from './memory-events.ts';
export { monitorRefusal } from './refuse-monitor.ts';
export { removeGroups, removeShared, type Leftover } from './remove.ts';
export { deepestFirst, levelsAbove, type SharedGroups } from './shared-groups.ts';
export { readPressure } from './stats/pressure.ts';
export { cpuUsage, memoryUsage, workingSet, type CpuUsage, type MemoryUsage } from './stats.ts';
export { readStats } from './stats/read-stats.ts';
export type {
  Counter,
  CpuStats,
  GroupStats,
  HugetlbStats,
  IoStats,
  Limit,
  MemoryEvents,
  MemoryStats,
  PidsStats,
  PressureStats,
  RdmaStats,
} from './stats/types.ts';
export { realKernelFs } from './real-kernel-fs.ts';
export { FakeKernelFs, type FakeOptions, type Fault } from './fake/fake-kernel-fs.ts';
export type { FakeMachine, FakeMount } from './fake/group.ts';
export { listGroups, listGroupsElsewhere, topFolders } from './list.ts';
export {
  planDeviceChange,
  updateDevices,
  type AttachProgram,
  type DeviceChange,
  type ProgramChange,
} from './devices/change.ts';
export { groupPids } from './procs.ts';
export { isTrueRoot, prepareParent, type PreparedParent } from './prepare-parent.ts';
export { MEMORY_MIN, planProtection, type MemoryProtection } from './protect-memory.ts';
export { emptyLeaf, makeLeaf, moveTo } from './supervisor-leaf.ts';
export { enableControllers } from './strategies.ts';
export { frozenAbove, type FreezerState, type Freezing, type Thawing } from './freezer.ts';
export { taskList, tasksOf, type Task } from './tasks.ts';
