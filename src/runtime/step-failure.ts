import { ThubanError, errnoText } from '../base/index.ts';
import { StepFailure, isMountStep, stepNumbers, type Step } from '../launcher/index.ts';
import { explainImage, isAboutImage, type Explanation } from './image-failure.ts';
import { explainMountStep } from './mount-failure.ts';
import type { LaunchPlan } from './plan.ts';
import { explainSocket } from './socket-failure.ts';
import { explainLabelledExec, explainWorld } from './world-failure.ts';

/** What is asked of a plan to explain where it failed. */
export interface Explained {
  id: string;
  launch: Pick<LaunchPlan['launch'], 'steps'>;
  cgroup: { writes: readonly { file?: string }[] };
}

/** Turns the launcher's "step 12, ENOENT" into an error that names the manifest's key and says what to do. */
export function explainStepFailure(error: unknown, plan: Explained): unknown {
  if (!(error instanceof StepFailure)) return error;
  const index = indexOf(error, plan);
  const step = plan.launch.steps[index];
  const name = nameOf(error.op);
  const { code, message, hint, key = step?.key } = explain(error.errno, index, name, step, plan);
  const details = { container: plan.id, step: index, name, errno: error.errno, ...(key === undefined ? {} : { key }) };
  return new ThubanError(code, message, { ...(hint === undefined ? {} : { hint }), details, cause: error });
}

/** The same for a start that another daemon began: its plan went with it. */
export function explainAdoptedFailure(error: unknown, container: string): unknown {
  if (!(error instanceof StepFailure)) return error;
  const name = nameOf(error.op);
  const why = `${launcherTexts[error.errno] ?? errnoText(error.errno)} (${error.errno})`;
  const details = { container, step: error.step, name, errno: error.errno };
  return new ThubanError('TH3010', `step ${error.step}, ${name}: ${why}`, { details, cause: error });
}

function nameOf(op: number): string {
  return Object.entries(stepNumbers).find(([, number]) => number === op)?.[0] ?? `step of number ${op}`;
}

/** A failure before the first step (opening a group, say) comes with the step that it belongs to, but without its place in the list. */
function indexOf(error: StepFailure, plan: Explained): number {
  const { steps } = plan.launch;
  const at = steps[error.step];
  if (error.step < 0 || (at !== undefined && stepNumbers[at.op] === error.op)) return error.step;
  return steps.findIndex((step) => stepNumbers[step.op] === error.op);
}

function explain(errno: string, index: number, name: string, step: Step | undefined, plan: Explained): Explanation {
  const why = `${launcherTexts[errno] ?? errnoText(errno)} (${errno})`;
  if (errno === 'EPROTO')
    return {
      code: 'TH3010',
      message: `step ${index}, ${name}: the launcher is older than this build of Thuban and does not know this step`,
      hint: '`thuban shutdown` ends it with all containers; the next start of the daemon brings the new one',
    };
  if (step === undefined) return { code: 'TH3010', message: 'the container was killed before its program ran' };
  if (isMemoryShort(errno, index, plan))
    return {
      code: 'TH3010',
      message: `step ${index}, ${name}: the memory limit is too small to start the program (${errno})`,
      hint: 'raise memory_hard_limit; 1 MiB is enough for a small static program',
      key: 'cgroups.memory.memory_hard_limit',
    };
  if (step.op === 'exec')
    return explainLabelledExec(errno, step, plan.launch.steps, why) ?? explainExec(errno, step.path, why);
  if (step.op === 'rlimit' && errno === 'EPERM')
    return {
      code: 'TH3007',
      message: `the hard limit of ${step.resource} is above Thuban's own, and it lacks CAP_SYS_RESOURCE`,
      hint: `lower rlimits.${step.resource}.hard, or raise the limit of the unit that runs Thuban`,
    };
  if (step.op === 'working_directory')
    return {
      code: 'TH3010',
      message: `step ${index}, ${name} \`${step.path}\`: ${why}`,
      hint: directoryHints[errno] ?? 'see openat2(2) for this error',
    };
  if (step.op === 'oom_score_adj' && errno === 'EACCES')
    return {
      code: 'TH3007',
      message: `an oom_score_adj of ${step.value} is below Thuban's own, and it lacks CAP_SYS_RESOURCE`,
      hint: 'raise process.oom_score_adj, or give the capability to the unit that runs Thuban',
    };
  const world = explainWorld(errno, step, why) ?? explainSocket(errno, step, why);
  if (world !== undefined) return world;
  if (isMountStep(step)) return explainMountStep(errno, step, why);
  if (isAboutImage(step)) return explainImage(errno, step, why);
  const target = mountTarget(step);
  if (target !== undefined) return { code: 'TH3004', message: `mount \`${target}\`: ${why}`, hint: mountHint(errno) };
  return { code: 'TH3010', message: `step ${index}, ${name}: ${why}` };
}

/** What the launcher itself means by an errno. */
const launcherTexts: Readonly<Record<string, string>> = {
  EINTR: 'killed before the program ran',
  EPROTO: 'the launcher does not know this step',
  ESTALE: 'the package is not the file that was checked',
};

/** After the join every allocation counts for the container. */
function isMemoryShort(errno: string, index: number, plan: Explained): boolean {
  const joined = plan.launch.steps.findIndex((step) => step.op === 'join');
  const limited = plan.cgroup.writes.some(({ file }) => file === 'memory.limit_in_bytes' || file === 'memory.max');
  return limited && index > joined && (errno === 'ENOMEM' || errno === 'E2BIG');
}

function explainExec(errno: string, path: string, why: string): Explanation {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      return {
        code: 'TH3001',
        message: `\`${path}\` does not exist in the container's root, or its interpreter does not`,
        hint: 'give the path as seen from inside; a script or a dynamic program also needs its interpreter and libraries',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'TH3003',
        message: `\`${path}\` is not executable for this user`,
        hint: 'chmod +x, and let others read the folders above it',
      };
    case 'ENOEXEC':
      return {
        code: 'TH3003',
        message: `\`${path}\` is no program for this machine`,
        hint: 'build it for this architecture, or begin the script with `#!/bin/sh`',
      };
    default:
      return { code: 'TH3010', message: `exec \`${path}\`: ${why}` };
  }
}

function mountTarget(step: Step): string | undefined {
  if ('target' in step) return step.target;
  if (step.op === 'mkdir' || step.op === 'mkfile' || step.op === 'symlink') return step.path;
  return step.op === 'root_bind' ? step.source : undefined;
}

const directoryHints: Readonly<Record<string, string>> = {
  ENOENT: 'give the path as seen from inside, or mount something there',
  ENOTDIR: 'it must be a directory, and so must all above it',
  EACCES: 'let the uid of the container enter it and the directories above it: chmod o+x',
  ELOOP: 'a symbolic link on the way leads nowhere, round in circles, or through /proc',
};

const mountHints: Readonly<Record<string, string>> = {
  ENOENT: 'the target must exist in a read-only root, and the source on the host',
  ENOTDIR: 'a file is mounted on a file, a directory on a directory',
  EISDIR: 'a file is mounted on a file, a directory on a directory',
  ELOOP: 'a symbolic link on the way leads nowhere, or round in circles',
  EROFS: 'the target lies in a read-only folder: it must exist there already',
  ENODEV: 'this kernel does not know that filesystem',
  EPERM: 'Thuban needs CAP_SYS_ADMIN',
  ENOSYS: 'a recursive read-only mount needs Linux 5.12; leave `rec` out or add `rw`',
};

function mountHint(errno: string): string {
  return mountHints[errno] ?? 'see mount(2) for this error';
}
