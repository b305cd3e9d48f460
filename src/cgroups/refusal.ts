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
    if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS')
      return new ThubanError('TH2006', `${path} is not ours to make: ${reason}`, {
        hint: 'run as root; with systemd set `Delegate=yes`',
        details,
        cause: error,
      });
    return new ThubanError('TH2004', `the kernel refused to make the cgroup ${path}: ${reason}`, {
      details,
      cause: error,
    });
  }
  if (errno === 'ENOENT' && file !== 'cgroup.subtree_control')
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
      : file === 'cgroup.subtree_control' && errno === 'ENOENT'
        ? 'the group above does not offer this controller'
        : errno === 'EPERM' && file.startsWith('devices.')
          ? 'a group cannot allow devices that the group above denies'
          : HINTS[errno];
  return new ThubanError('TH2004', `the kernel refused \`${value ?? ''}\` for ${file}: ${reason}`, {
    ...(hint === undefined ? {} : { hint }),
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
