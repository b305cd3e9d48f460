import { hasErrno, ThubanError } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupWrite } from './plan-types.ts';
import { isPopulated } from './procs.ts';
import { exists, subtree } from './read.ts';
import { refusal } from './refusal.ts';

/**
 * Makes the directory of one operation. False: it was there, which is right for one that containers share. `own`: it is one container's
 * alone; what somebody left behind there is removed first, so that counters begin at 0 and no old limit stays. Usually a shared one is there and
 * an own one is not, and asking first is dearer than trying only for the latter.
 */
export function makeGroup(fs: KernelFs, write: CgroupWrite, own: boolean): boolean {
  if (!own && exists(fs, write.path)) return false;
  try {
    fs.mkdir(write.path);
    return true;
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw refusal(write, error);
    if (!own) return false;
  }
  makeRoom(fs, write.path);
  try {
    fs.mkdir(write.path);
    return true;
  } catch (error) {
    throw refusal(write, error);
  }
}

function makeRoom(fs: KernelFs, path: string): void {
  if (isPopulated(fs, path))
    throw new ThubanError('TH2011', `the cgroup ${path} exists already and holds processes`, {
      hint: 'stop the container that runs in it, or end its processes',
      details: { path },
    });
  for (const group of subtree(fs, path)) removeIfEmpty(fs, group);
}

/** False: it stays. */
export function removeIfEmpty(fs: KernelFs, path: string): boolean {
  try {
    fs.rmdir(path);
    return true;
  } catch (error) {
    // Another container may have moved in under the shared directory; the sweep at the next start finds the rest.
    if (!hasErrno(error, 'ENOENT', 'EBUSY', 'ENOTEMPTY', 'ENODEV')) throw error;
    return hasErrno(error, 'ENOENT', 'ENODEV');
  }
}
