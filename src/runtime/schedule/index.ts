export { isSynchronized, type GateOptions } from './clock-gate.ts';
export type { DueRun, ScheduleHost } from './host.ts';
export { LastRuns } from './last-runs.ts';
export type { Scheduled } from './scheduled.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
