export type { ConsoleHost, ConsoleRequest } from './consoles.ts';
export { checkLimits } from './check-limits.ts';
export { keyPath } from './key-path.ts';
export type {
  Applied,
  Change,
  ContainerDetail,
  ContainerSummary,
  Control,
  DaemonVersion,
  EventQuery,
  EventRecord,
  Identity,
  InstallOptions,
  Installed,
  LogQuery,
  RejectedReport,
  RepositorySummary,
  StartOverrides,
  Uninstalled,
  Usage,
} from './control.ts';
export { Container, describeFailure, type Board, type ContainerHooks } from './container.ts';
export type { AllStatsQuery, ContainerStats, StatsQuery, StatsSample } from './container-stats.ts';
export type { ExecExit, ExecHandle, Execution } from './execution.ts';
export type { ExecRequest } from './plan-exec.ts';
export { startExecution } from './start-execution.ts';
export { Daemon, type DaemonEnd } from './daemon.ts';
export type { DaemonLog, DaemonOptions } from './daemon-options.ts';
export type { Condition, RuntimeEvent } from './events.ts';
export { pressureSentence, type PressureNews } from './pressure-watch.ts';
export { checks, diagnose, judge, type Check, type ControllerPlace, type Diagnosis } from './doctor/index.ts';
export { exitSentence, oomSentence, processExitCode, startFailureCode, stoppedFor, type Exit } from './exit.ts';
export { gatherFacts, type Facts } from './facts.ts';
export { machineOf } from './machine.ts';
export { isResource, noProgram } from './no-program.ts';
export type { LogRecord } from './log-format.ts';
export { discardOutput, type OutputSink, type Stream } from './output.ts';
export type { PauseResult, ResumeResult } from './pausing.ts';
export { containerId, plan, type LaunchPlan, type PlanOptions } from './plan.ts';
export type { Difference } from './reconcile/index.ts';
export { isRead, scanRepository, type FileRules, type Repository } from './repository/index.ts';
export { resourceMounts, resourceOf, type Resource } from './resources.ts';
export { skippedSentence } from './skipped.ts';
export { Session } from './session.ts';
export { transitions, type State } from './states.ts';
export { withPosition } from './locate.ts';
export type { UpdateOptions, Updated } from './updated.ts';
export { Supervised } from './supervised.ts';
export type { SupervisedOptions } from './supervised-options.ts';
