export { LauncherClient } from './client.ts';
export { StepFailure } from './messages.ts';
export type {
  ListedContainer,
  MonitorKind,
  OutputMode,
  PipeEnd,
  PressureReport,
  ProgramExit,
  SpawnRequest,
  Started,
} from './messages.ts';
export { isMountStep, type MountStep, type Upper } from './mount-steps.ts';
export type { IdRange, OwnIds } from './own-ids.ts';
export { startLauncher, type LauncherOptions } from './start.ts';
export { stepNumbers, type Attribute, type Namespace, type Step } from './steps.ts';
export type { OwnNamespace, TerminalSize } from './enter-steps.ts';
export { MAX_HANDED } from './wire.ts';
export { capabilityNames } from './capabilities.ts';
export { readSyscallNumbers, type SyscallNumbers } from './syscall-table.ts';
