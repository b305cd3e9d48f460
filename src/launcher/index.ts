export { LauncherClient, StepFailure } from './client.ts';
export type { ListedContainer, OutputMode, PipeEnd, ProgramExit, SpawnRequest, Started } from './client.ts';
export { startLauncher, type LauncherOptions } from './start.ts';
export { stepNumbers, type Attribute, type Namespace, type Step } from './steps.ts';
export { capabilityNames } from './capabilities.ts';
