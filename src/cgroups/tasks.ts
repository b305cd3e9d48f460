import type { KernelFs } from './kernel-fs.ts';
import { readIf } from './read.ts';

/** A process as far as it can be seen from outside: for whoever wonders why it is still there. */
export interface Task {
  pid: number;
  /** Its name, at most 15 bytes (field 2 of /proc/PID/stat). */
  command?: string;
  /** One letter: proc_pid_stat(5). `D`: uninterruptible sleep, as a v1 frozen task is in too. */
  state?: string;
  /** The function of the kernel that it sleeps in. */
  wchan?: string;
}

/** More than anybody reads. */
const MOST = 16;

/** What there is to say about these processes now. One that has ended meanwhile is left out. */
export function tasksOf(fs: KernelFs, pids: readonly number[], most = MOST): Task[] {
  return pids.slice(0, most).flatMap((pid) => look(fs, pid) ?? []);
}

function look(fs: KernelFs, pid: number): Task | undefined {
  // The kernel lists a process of another pid namespace as 0.
  if (pid === 0) return { pid };
  const stat = readOr(fs, `/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const end = stat.lastIndexOf(')');
  const wchan = readOr(fs, `/proc/${pid}/wchan`);
  return {
    pid,
    command: stat.slice(stat.indexOf('(') + 1, end),
    state: stat.slice(end + 2, end + 3),
    ...(wchan === undefined || wchan === '0' || wchan === '' ? {} : { wchan }),
  };
}

/** ESRCH: it ended between open and read. EACCES: a kernel that shows its functions to nobody. */
function readOr(fs: KernelFs, path: string): string | undefined {
  try {
    return readIf(fs, path);
  } catch {
    return undefined; // only for the report; that the process is there is known without
  }
}

/** `1234 (sleep, nfs_wait_bit_killable), 1240 (cp)`. */
export function taskList(tasks: readonly Task[]): string {
  return tasks
    .map(({ pid, command, wchan }) => {
      const about = [command, wchan].filter((word) => word !== undefined).join(', ');
      return about === '' ? String(pid) : `${pid} (${about})`;
    })
    .join(', ');
}
