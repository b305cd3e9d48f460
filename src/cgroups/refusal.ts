import { errnoOf, reasonOf, ThubanError } from '../base/index.ts';
import { knobRemedy } from './controllers.ts';
import type { CgroupWrite } from './plan-types.ts';

const HINTS: Record<string, string> = {
  ENODEV: 'name a whole disk of this board (lsblk); partitions cannot be limited',
  EACCES: 'the value is more than the group above allows',
  EBUSY: 'the value is below what is in use, or a group below still needs it',
  EROFS: 'mount the cgroup filesystem writable',
  EINVAL: 'the kernel does not take this value beside the other limits of this group or of the group above',
  ERANGE: 'the number is outside of what the kernel takes',
};

/** A refused operation as the error that names file, value, errno and the manifest key. */
export function refusal(write: CgroupWrite, error: unknown): ThubanError {
  const errno = errnoOf(error);
  const { file, value, path, key } = write;
  const details = {
    path,
    ...(file === undefined ? {} : { file, value }),
    ...(errno === undefined ? {} : { errno }),
    ...(key === undefined ? {} : { key }),
  };
  const reason = reasonOf(error);
  if (file === undefined) {
    if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return notOurs(path, error, details);
    return new ThubanError('TH2004', `the kernel refused to make the cgroup ${path}: ${reason}`, {
      details,
      cause: error,
    });
  }
  if (errno === 'ENOENT' && file === 'cgroup.subtree_control')
    return notHandedDown((value ?? '').replace(/^\+/, ''), path, error, details);
  if (errno === 'ENOENT')
    return new ThubanError('TH2002', `${file} is missing on this kernel (${path})`, {
      hint: knobRemedy(file),
      details,
      cause: error,
    });
  if (errno === 'EBUSY' && file === 'cgroup.subtree_control')
    return new ThubanError('TH2007', `${path} holds processes, so its groups cannot get controllers`, {
      hint: 'move them into a group of their own; with systemd set `DelegateSubgroup=thuban-supervisor`',
      details,
      cause: error,
    });
  const hint =
    errno === undefined
      ? undefined
      : errno === 'EPERM' && file.startsWith('devices.')
        ? 'a group cannot allow devices that the group above denies'
        : HINTS[errno];
  return new ThubanError('TH2004', `the kernel refused \`${value ?? ''}\` for ${file}: ${reason}`, {
    ...(hint === undefined ? {} : { hint }),
    details,
    cause: error,
  });
}

/** v2: the kernel has the controller, but a group above does not enable it for this one. */
export function notHandedDown(
  controller: string,
  path: string,
  error: unknown,
  details: Record<string, unknown> = { path },
): ThubanError {
  return new ThubanError('TH2006', `the ${controller} controller is not handed down to ${path}`, {
    hint: 'with systemd set `Delegate=yes`; else enable it in cgroup.subtree_control of every group above',
    details: { ...details, controller },
    cause: error,
  });
}

/** A group that cannot be made where it has to be. */
export function notOurs(path: string, error: unknown, details: Record<string, unknown> = { path }): ThubanError {
  return new ThubanError('TH2006', `${path} is not ours to make: ${reasonOf(error)}`, {
    hint:
      errnoOf(error) === 'EROFS'
        ? 'mount the cgroup filesystem writable, or name a parent on another mount with --cgroup-parent'
        : 'run as root; with systemd set `Delegate=yes`',
    details,
    cause: error,
  });
}

/** The value was taken, but something else is in the file now. */
export function changedByKernel(write: CgroupWrite, found: string): ThubanError {
  const { file = '', value = '', path, key } = write;
  return new ThubanError('TH2004', `the kernel keeps \`${found.trim()}\` in ${file} instead of \`${value}\``, {
    hint: 'another program writes this group, or the kernel cannot hold the value',
    details: { path, file, value, found, ...(key === undefined ? {} : { key }) },
  });
}
