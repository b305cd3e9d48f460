import { readFileSync } from 'node:fs';

/** Clock ticks since the board started: of everything, of all but waiting, and of some processes with the children they have reaped. */
export interface Ticks {
  total: number;
  busy: number;
  own: number;
}

/** The first line of `/proc/stat` (proc(5)): user nice system idle iowait irq softirq steal guest guest_nice. */
export function readTicks(stat: string): { total: number; busy: number } {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  // guest time is in user time already
  const total = fields.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { total, busy: total - (fields[3] ?? 0) - (fields[4] ?? 0) };
}

/** utime, stime, cutime and cstime of `/proc/PID/stat`: fields 14 to 17. The name in field 2 may hold blanks and brackets. */
export function readOwnTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
}

export function takeTicks(pids: readonly number[]): Ticks {
  const own = pids.reduce((sum, pid) => sum + readOwnTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')), 0);
  return { ...readTicks(readFileSync('/proc/stat', 'utf8')), own };
}

/** The share of all processors that others used between two looks, 0 to 1. Work of the kernel on nobody's account is in it. */
export function foreignShare(before: Ticks, after: Ticks): number {
  const total = after.total - before.total;
  const foreign = after.busy - before.busy - (after.own - before.own);
  return total <= 0 ? 0 : Math.min(1, Math.max(0, foreign / total));
}
