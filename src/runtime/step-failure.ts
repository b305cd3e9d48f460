import { ThubanError } from '../base/index.ts';
import { StepFailure, stepNumbers, type Step } from '../launcher/index.ts';
import type { LaunchPlan } from './plan.ts';

/** Turns the launcher's "step 12, ENOENT" into an error that names the manifest's key and says what to do. */
export function explainStepFailure(error: unknown, plan: LaunchPlan): unknown {
  if (!(error instanceof StepFailure)) return error;
  const step = plan.launch.steps[error.step];
  const name = (Object.entries(stepNumbers).find(([, number]) => number === error.op) ?? ['unknown'])[0];
  const details = {
    container: plan.id,
    step: error.step,
    name,
    errno: error.errno,
    ...(step?.key === undefined ? {} : { key: step.key }),
  };
  const at = { details, cause: error };
  if (error.step < 0) return new ThubanError('TH3010', 'the container was killed before its program ran', at);
  const joined = plan.launch.steps.findIndex((s) => s.op === 'join');
  if (error.step > joined && ['ENOMEM', 'E2BIG'].includes(error.errno) && hasMemoryLimit(plan))
    return new ThubanError(
      'TH3010',
      `step ${error.step}, ${name}: the memory limit is too small to start the program (${error.errno})`,
      {
        hint: 'raise memory_hard_limit; 1 MiB is enough for a small static program',
        details: { ...details, key: 'cgroups.memory.memory_hard_limit' },
        cause: error,
      },
    );
  if (step?.op === 'exec') return execFailure(error.errno, step.path, at);
  if (step?.op === 'rlimit' && error.errno === 'EPERM')
    return new ThubanError(
      'TH3007',
      `the hard limit of ${step.resource} is above Thuban's own, and it lacks CAP_SYS_RESOURCE`,
      {
        ...at,
        hint: `lower rlimits.${step.resource}.hard, or raise the limit of the unit that runs Thuban`,
      },
    );
  const target = step === undefined ? undefined : mountTarget(step);
  if (target !== undefined)
    return new ThubanError('TH3004', `mount \`${target}\`: ${text(error.errno)} (${error.errno})`, {
      ...at,
      hint: mountHint(error.errno),
    });
  return new ThubanError('TH3010', `step ${error.step}, ${name}: ${text(error.errno)} (${error.errno})`, at);
}

function hasMemoryLimit(plan: LaunchPlan): boolean {
  return plan.cgroup.writes.some((w) => w.file === 'memory.limit_in_bytes' || w.file === 'memory.max');
}

function mountTarget(step: Step): string | undefined {
  if ('target' in step) return step.target;
  if (step.op === 'mkdir' || step.op === 'mkfile' || step.op === 'symlink') return step.path;
  return step.op === 'root_bind' ? step.source : undefined;
}

function execFailure(
  errno: string,
  path: string,
  at: { details: Record<string, unknown>; cause: unknown },
): ThubanError {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      return new ThubanError(
        'TH3001',
        `\`${path}\` does not exist in the container's root, or its interpreter does not`,
        {
          ...at,
          hint: 'give the path as seen from inside; for a script or a dynamic program, mount its interpreter and libraries too',
        },
      );
    case 'EACCES':
    case 'EPERM':
      return new ThubanError('TH3003', `\`${path}\` is not executable for this user`, {
        ...at,
        hint: `chmod +x, and let others read the folders above it`,
      });
    case 'ENOEXEC':
      return new ThubanError('TH3003', `\`${path}\` is no program for this machine`, {
        ...at,
        hint: 'build it for this architecture, or begin the script with `#!/bin/sh`',
      });
    default:
      return new ThubanError('TH3010', `exec \`${path}\`: ${text(errno)} (${errno})`, at);
  }
}

function mountHint(errno: string): string {
  switch (errno) {
    case 'ENOENT':
      return 'the target must exist in a read-only root, and the source on the host';
    case 'ENOTDIR':
    case 'EISDIR':
      return 'a file is mounted on a file, a directory on a directory';
    case 'EROFS':
      return 'the target lies in a read-only folder: it must exist there already';
    case 'ENODEV':
      return 'this kernel does not know that filesystem';
    case 'EPERM':
      return 'Thuban needs CAP_SYS_ADMIN';
    case 'ENOSYS':
      return 'a recursive read-only mount needs Linux 5.12; leave `rec` out or add `rw`';
    default:
      return 'see mount(2) for this error';
  }
}

/** The C library's words for the errors that a start meets. */
const texts: Record<string, string> = {
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  EINTR: 'killed before the program ran',
  ENOMEM: 'cannot allocate memory',
  EACCES: 'permission denied',
  EBUSY: 'device or resource busy',
  ENODEV: 'no such device',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  EINVAL: 'a value that the kernel does not take',
  ENOSPC: 'no space left',
  EROFS: 'read-only file system',
  ENOSYS: 'not known to this kernel',
  ELOOP: 'too many levels of symbolic links',
  EAGAIN: 'resource temporarily unavailable',
  EPROTO: 'the launcher does not know this step',
};

function text(errno: string): string {
  return texts[errno] ?? errno;
}
