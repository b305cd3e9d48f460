import { readdirSync, readFileSync } from 'node:fs';

/** Of one process, in KiB. */
export interface Memory {
  rss: number;
  /** Resident memory, each page divided by how many processes share it. */
  pss: number;
  /** Private memory that no file stands behind: what the process costs beyond its programs. */
  anonymous: number;
}

/** The text of `/proc/PID/smaps_rollup`. Throws when a figure is missing. */
export function readRollup(text: string): Memory {
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`smaps_rollup has no ${name}`);
    return Number(value);
  };
  return { rss: field('Rss'), pss: field('Pss'), anonymous: field('Anonymous') };
}

export function memoryOf(pid: number): Memory {
  return readRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** What the processes have together. */
export function totalMemory(pids: readonly number[]): Memory {
  const total = { rss: 0, pss: 0, anonymous: 0 };
  for (const pid of pids) {
    const { rss, pss, anonymous } = memoryOf(pid);
    total.rss += rss;
    total.pss += pss;
    total.anonymous += anonymous;
  }
  return total;
}

/** Pids of the children of a process with one thread. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** How many descriptors a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
