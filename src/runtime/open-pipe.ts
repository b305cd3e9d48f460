import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { PipeEnd } from '../launcher/index.ts';

/** One end of a pipe that the launcher holds, opened anew. Descriptor numbers are reused, so the inode is compared. */
export function openPipe(launcherPid: number, pipe: PipeEnd, mode: number): number {
  const fd = openSync(`/proc/${launcherPid}/fd/${pipe.fd}`, mode | constants.O_NONBLOCK);
  if (fstatSync(fd, { bigint: true }).ino === pipe.inode) return fd;
  closeSync(fd);
  throw new Error(`descriptor ${pipe.fd} of the launcher is another pipe by now`);
}
