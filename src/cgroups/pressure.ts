import type { KernelFs } from './kernel-fs.ts';
import { readIf } from './read.ts';

/** Time that processes waited, as the kernel averages it: percent of the last 10, 60 and 300 seconds, and microseconds in all. */
export interface Stall {
  avg10: number;
  avg60: number;
  avg300: number;
  total: number;
}

/** `some`: at least one process waited. `full`: all that were not idle did; absent where the kernel does not tell. */
export interface Pressure {
  some: Stall;
  full?: Stall;
}

/** A `*.pressure` file. null: there is none (no CONFIG_PSI, `psi=0`, `cgroup.pressure` 0), or its text is of another form. */
export function readPressure(fs: KernelFs, path: string): Pressure | null {
  const text = readIf(fs, path);
  const [some, full] = ['some', 'full'].map((kind) => (text === undefined ? undefined : stallOf(kind, text)));
  return some === undefined ? null : { some, ...(full === undefined ? {} : { full }) };
}

function stallOf(kind: string, text: string): Stall | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${kind} `));
  if (line === undefined) return undefined;
  const values = new Map(
    line.split(' ').flatMap((word) => [...word.matchAll(/^(\w+)=([\d.]+)$/g)].map((m) => [m[1], Number(m[2])])),
  );
  const [avg10, avg60, avg300, total] = ['avg10', 'avg60', 'avg300', 'total'].map((key) => values.get(key));
  if (avg10 === undefined || avg60 === undefined || avg300 === undefined || total === undefined) return undefined;
  return { avg10, avg60, avg300, total };
}
