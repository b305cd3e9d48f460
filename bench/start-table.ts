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
  /** Milliseconds from the request until all is gone. */
  gone?: Compared;
}

export function startRows(tallies: readonly Tally[]): StartRow[] {
  const first = compared(tallies.map(({ contestant, first }) => ({ role: contestant.role, values: first })));
  const gone = compared(tallies.map(({ contestant, gone }) => ({ role: contestant.role, values: gone })));
  return tallies.map(({ contestant, failures }, at) => ({
    name: contestant.name,
    role: contestant.role,
    failed: failures.length,
    ...(first[at] === undefined ? {} : { first: first[at] }),
    ...(gone[at] === undefined ? {} : { gone: gone[at] }),
  }));
}

function compared(rows: readonly { role: Contestant['role']; values: readonly number[] }[]): (Compared | undefined)[] {
  const summaries = rows.map(({ role, values }) => ({ role, summary: summarise(values) }));
  const least = (role: Contestant['role']): number | undefined => {
    const medians = summaries.flatMap((row) =>
      row.role === role && row.summary !== undefined ? [row.summary.p50] : [],
    );
    return medians.length === 0 ? undefined : Math.min(...medians);
  };
  const [floor, peer] = [least('floor'), least('peer')];
  return summaries.map(({ summary }) => {
    if (summary === undefined) return undefined;
    const [ofFloor, ofPeer] = [ratio(summary.p50, floor), ratio(summary.p50, peer)];
    return {
      ...summary,
      ...(ofFloor === undefined ? {} : { of_floor: ofFloor }),
      ...(ofPeer === undefined ? {} : { of_best_peer: ofPeer }),
    };
  });
}

const HEADER = ['ms', 'n', 'first p50', 'p95', '/floor', '/peer', 'gone p50', 'p95', '/floor', '/peer', 'failed'];

/** Lines of text. */
export function startTable(rows: readonly StartRow[]): string[] {
  return layOut([
    HEADER,
    ...rows.map(({ name, failed, first, gone }) => [
      name,
      String(first?.count ?? 0),
      ...cells(first),
      ...cells(gone),
      failed === 0 ? '' : String(failed),
    ]),
  ]);
}

function cells(figure: Compared | undefined): string[] {
  return [number(figure?.p50), number(figure?.p95), times(figure?.of_floor), times(figure?.of_best_peer)];
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
