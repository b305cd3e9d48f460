import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** What a run could have left behind, counted on the machine itself. */
export interface Leaks {
  cgroups: string[];
  mounts: string[];
  processes: number[];
  sockets: string[];
}

/** `groups`: every group that was made. `runDir`: of the session that has ended. */
export function findLeaks(groups: Iterable<string>, runDir: string): Leaks {
  const cgroups = [...groups].filter((path) => existsSync(path));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(runDir));
  const sockets = existsSync(runDir) ? [runDir] : [];
  return { cgroups, mounts, processes: processesOf(runDir), sockets };
}

export function leakCount(leaks: Leaks): number {
  return leaks.cgroups.length + leaks.mounts.length + leaks.processes.length + leaks.sockets.length;
}

/** Launchers of that run directory, and whatever they or we are still the parent of. */
function processesOf(runDir: string): number[] {
  const found = new Set<number>();
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const stat = read(`/proc/${name}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === 'Z') continue;
    parents.set(pid, Number(parent));
    if (read(`/proc/${name}/cmdline`).split('\0').includes(runDir)) found.add(pid);
  }
  for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  return [...found];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}
