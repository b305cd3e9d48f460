import type { MountStep } from '../launcher/index.ts';
import type { Explanation } from './image-failure.ts';

/** What concerns devices, and folders that outlive their container. */
export function explainMountStep(errno: string, step: MountStep, why: string): Explanation {
  switch (step.op) {
    case 'node':
      return explainNode(errno, step.source, why);
    case 'device':
    case 'devpts':
      return of(step.target, errno, why, errno === 'ENODEV' ? 'the kernel needs CONFIG_UNIX98_PTYS=y' : undefined);
    case 'persist':
      return of(step.target, errno, why, keptHint(errno, step.folder));
    case 'overlay':
      return of(step.target, errno, why, overlayHint(errno, step));
    case 'root_writable':
      return { code: 'TH3004', message: `the root cannot be made writable: ${why}`, hint: overlayHint(errno, step) };
  }
}

function of(target: string, errno: string, why: string, hint: string | undefined): Explanation {
  return {
    code: 'TH3004',
    message: `mount \`${target}\`: ${why}`,
    hint: hint ?? usual[errno] ?? 'see mount(2) for this error',
  };
}

const usual: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file is mounted on a file, a directory on a directory',
  ELOOP: 'a symbolic link on the way leads nowhere, or round in circles',
  EPERM: 'Thuban needs CAP_SYS_ADMIN and CAP_MKNOD',
};

function explainNode(errno: string, source: string, why: string): Explanation {
  if (errno === 'ENOENT')
    return {
      code: 'TH3009',
      message: `the device \`${source}\` went while the container was started`,
      hint: 'plug it in',
    };
  if (errno === 'ESTALE' || errno === 'ELOOP')
    return {
      code: 'TH3009',
      message: `\`${source}\` was another device when the start was planned`,
      hint: 'start it again',
    };
  return {
    code: 'TH3004',
    message: `no node of \`${source}\` can be made: ${why}`,
    hint: usual[errno] ?? 'see mknod(2) for this error',
  };
}

function keptHint(errno: string, folder: string): string | undefined {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return `free space where ${folder} lies`;
  if (errno === 'EROFS') return `${folder} must lie on a file system that can be written to: see \`data_dir\``;
  if (errno === 'ELOOP' || errno === 'ENOTDIR') return `look at what stands in ${folder}: it must be a directory`;
  return undefined;
}

function overlayHint(errno: string, step: MountStep & { op: 'overlay' | 'root_writable' }): string {
  const folder = 'folder' in step.upper ? step.upper.folder : undefined;
  const kept = folder === undefined ? undefined : keptHint(errno, folder);
  if (kept !== undefined) return kept;
  if (errno === 'ENODEV') return 'this kernel has no overlayfs: modprobe overlay';
  if (errno === 'EINVAL' && folder !== undefined)
    return `dmesg says what overlayfs lacks: the file system of ${folder} must know extended attributes, as ext4, xfs and btrfs do`;
  if (errno === 'ELOOP' || errno === 'ENOENT')
    return 'a directory below it has been moved or exchanged since it was looked at';
  return 'dmesg says what overlayfs did not like';
}
