import type { Tally } from './rounds.ts';
import { ratio, summarise, type Summary } from './statistics.ts';
import type { Contestant } from './contestant.ts';

/** A figure beside the same figure of the floor and of the best peer that also makes groups with limits. */
export interface Compared extends Summary {
  of_floor?: number;
  of_best_peer?: number;
}

export interface StartRow {
  name: string;
  role: Contestant['role'];
  failed: number;
  /** Milliseconds from the request to the program's first act. Absent: no turn worked. */
  first?: Compared;
  /** Milliseconds from the program's first act until all is gone. */
  end?: Compared;
  /** Milliseconds from the request until all is gone. */
  gone?: Compared;
}

export function startRows(tallies: readonly Tally[]): StartRow[] {
  const figures = (values: (tally: Tally) => readonly number[]) =>
    compared(tallies.map((tally) => ({ ...tally.contestant, values: values(tally) })));
  const first = figures((tally) => tally.first);
  const end = figures((tally) => tally.end);
  const gone = figures((tally) => tally.gone);
  return tallies.map(({ contestant, failures }, at) => ({
    name: contestant.name,
    role: contestant.role,
    failed: failures.length,
    ...(first[at] === undefined ? {} : { first: first[at] }),
    ...(end[at] === undefined ? {} : { end: end[at] }),
    ...(gone[at] === undefined ? {} : { gone: gone[at] }),
  }));
}

interface Row extends Pick<Contestant, 'role' | 'hostNetwork'> {
  values: readonly number[];
}

/** With the floor of the same network, and with the fastest peer. */
function compared(rows: readonly Row[]): (Compared | undefined)[] {
  const summaries = rows.map(({ role, hostNetwork = false, values }) => ({
    role,
    hostNetwork,
    summary: summarise(values),
  }));
  const least = (role: Contestant['role'], onHost: boolean): number | undefined => {
    const medians = summaries.flatMap((row) =>
      row.role === role && row.hostNetwork === onHost && row.summary !== undefined ? [row.summary.p50] : [],
    );
    return medians.length === 0 ? undefined : Math.min(...medians);
  };
  const peer = least('peer', false);
  return summaries.map(({ summary, hostNetwork }) => {
    if (summary === undefined) return undefined;
    const [ofFloor, ofPeer] = [ratio(summary.p50, least('floor', hostNetwork)), ratio(summary.p50, peer)];
    return {
      ...summary,
      ...(ofFloor === undefined ? {} : { of_floor: ofFloor }),
      ...(ofPeer === undefined ? {} : { of_best_peer: ofPeer }),
    };
  });
}

const HEADER = [
  'ms',
  'n',
  'first p50',
  'p95',
  '/floor',
  '/peer',
  'end p50',
  'p95',
  '/floor',
  'gone p50',
  '/peer',
  'failed',
];

/** Lines of text. */
export function startTable(rows: readonly StartRow[]): string[] {
  return layOut([
    HEADER,
    ...rows.map(({ name, failed, first, end, gone }) => [
      name,
      String(first?.count ?? 0),
      ...[number(first?.p50), number(first?.p95), times(first?.of_floor), times(first?.of_best_peer)],
      ...[number(end?.p50), number(end?.p95), times(end?.of_floor)],
      ...[number(gone?.p50), times(gone?.of_best_peer)],
      failed === 0 ? '' : String(failed),
    ]),
  ]);
}

export function number(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(value < 100 ? 2 : 0);
}

function times(value: number | undefined): string {
  return value === undefined ? '-' : `x${value.toFixed(value < 10 ? 2 : 0)}`;
}

/** The first column to the left, the others to the right. Columns without any text but a header of the same stay. */
export function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
