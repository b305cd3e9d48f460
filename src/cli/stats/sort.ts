import type { Row } from './rows.ts';

export const sortKeys = ['cpu', 'mem', 'pids', 'read', 'write', 'psi'] as const;
export type SortKey = (typeof sortKeys)[number];

/** Larger first, and of equals the order in which they came. What is not known comes last. */
export function sorted(rows: readonly Row[], key: SortKey | undefined): Row[] {
  if (key === undefined) return [...rows];
  return [...rows].sort((a, b) => rank(b, key) - rank(a, key));
}

function rank({ stats, rates }: Row, key: SortKey): number {
  const value = {
    cpu: rates?.cpu_percent,
    mem: stats.memory?.working_set,
    pids: stats.pids?.current,
    read: rates?.read_bytes_per_second,
    write: rates?.write_bytes_per_second,
    psi: stats.psi?.memory?.some?.avg10,
  }[key];
  return value === null || value === undefined ? -1 : Number(value);
}
