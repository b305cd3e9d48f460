import type { ContainerStats } from '../../runtime/index.ts';
import type { Context } from '../context.ts';
import { print, talk } from '../talk.ts';
import { legend, statsTable, type Row } from './rows.ts';
import { Screen, canRedraw, cutToHeight } from './screen.ts';
import { sorted, type SortKey } from './sort.ts';

export function asJson({ stats: one, rates }: Row): ContainerStats & { rates: Row['rates'] | null } {
  return { ...one, rates: rates ?? null };
}

interface Teller {
  rows: (rows: readonly Row[]) => void;
  remark: (text: string) => void;
}

/** JSON: one line for each container and sample. A terminal: drawn in place. Else: rows below rows, with a time, under one header. */
export function tellerOf(context: Context, sort: SortKey | undefined): Teller {
  const remark = (text: string): void => {
    if (!context.quiet) talk(`- ${text} -`);
  };
  if (context.json)
    return {
      remark,
      rows: (rows) => {
        for (const row of sorted(rows, sort)) print(JSON.stringify(asJson(row)));
      },
    };
  const { out } = context;
  if (canRedraw(out)) {
    const screen = new Screen((text) => process.stdout.write(text));
    return {
      remark: (text) => {
        screen.leave();
        remark(text);
      },
      rows: (rows) => {
        const terminal = { ...out, columns: process.stdout.columns };
        const lines = statsTable(sorted(rows, sort), terminal, { wide: context.wide });
        const below = context.quiet || rows.length === 0 ? [] : legend(rows, terminal.columns);
        screen.draw([...cutToHeight(lines, process.stdout.rows - below.length), ...below]);
      },
    };
  }
  let first = true;
  return {
    remark,
    rows: (rows) => {
      const time = new Date().toISOString();
      const [header = '', ...lines] = statsTable(sorted(rows, sort), out, { wide: context.wide, steady: true, time });
      // The header is as wide as the first rows, so it waits for them.
      if (lines.length === 0) return;
      print(first ? [header, ...lines] : lines);
      if (first && !context.quiet) for (const line of legend(rows, context.err.columns)) talk(line);
      first = false;
    },
  };
}
