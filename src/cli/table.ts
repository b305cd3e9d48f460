import { visible } from '../base/index.ts';
import type { Style } from './terminal.ts';
import { cutBeforeTail, cutEnd, cutMiddle, pad, widthOf } from './text-width.ts';

export interface Column {
  title: string;
  /** Numbers stand to the right. */
  align?: 'right';
  /** Which columns leave first when a line is too long: the lowest number. Without one a column stays. */
  priority?: number;
  /** May be cut at its end to so many cells before any column leaves. */
  shrinksTo?: number;
  /** What stands behind the last comma is kept when it is cut. */
  keepsTail?: true;
  /** One blank to the next column instead of two. */
  tight?: true;
  /** Is cut in the middle to so many cells when nothing else helps. */
  shortensTo?: number;
}

export type Cell = string | { text: string; style?: Style | undefined };

export interface TableOptions {
  /** Cells of a line; without it nothing is cut and no column leaves. */
  width?: number;
  ascii?: boolean;
  style?: (style: Style, text: string) => string;
}

function gapAfter({ tight }: Column): string {
  return tight === true ? ' ' : '  ';
}

interface Laid {
  column: Column;
  at: number;
  width: number;
}

function textOf(cell: Cell | undefined): string {
  // A name may come from a file's name; whatever it holds must not be able to speak to the terminal.
  return visible(typeof cell === 'object' ? cell.text : (cell ?? ''));
}

function total(columns: readonly Laid[]): number {
  const gaps = columns.slice(0, -1).reduce((sum, { column }) => sum + gapAfter(column).length, 0);
  return columns.reduce((sum, { width }) => sum + width, gaps);
}

/** Takes cells from columns that allow it, until the line fits or all are as small as they may be. */
function squeeze(columns: readonly Laid[], width: number, least: (column: Column) => number | undefined): void {
  for (const laid of columns) {
    const over = total(columns) - width;
    const smallest = least(laid.column);
    if (over > 0 && smallest !== undefined && laid.width > smallest) laid.width = Math.max(smallest, laid.width - over);
  }
}

/** Which columns are shown, and how wide: first what may shrink shrinks, then columns leave, at last names are shortened. */
function layOut(all: readonly Laid[], width: number | undefined): Laid[] {
  let shown = all.map((laid) => ({ ...laid }));
  if (width === undefined) return shown;
  for (;;) {
    squeeze(shown, width, (column) => column.shrinksTo);
    const first = shown
      .filter(({ column }) => column.priority !== undefined)
      .sort((a, b) => (a.column.priority ?? 0) - (b.column.priority ?? 0))[0];
    if (total(shown) <= width || first === undefined) break;
    const gone = first.at;
    shown = shown.filter(({ at }) => at !== gone).map(({ column, at }) => ({ column, at, width: all[at]?.width ?? 0 }));
  }
  squeeze(shown, width, (column) => column.shortensTo);
  return shown;
}

/**
 * Rows under a header, two blanks or more between columns, no line longer than `width`. Colour is added after everything has been measured.
 */
export function table(columns: readonly Column[], rows: readonly Cell[][], options: TableOptions = {}): string[] {
  const { width, ascii = false, style } = options;
  const measured = columns.map((column, at) => ({
    column,
    at,
    width: Math.max(widthOf(column.title), ...rows.map((row) => widthOf(textOf(row[at])))),
  }));
  const shown = layOut(measured, width);
  // Where even so the line is too long, on a terminal of a few cells, it is cut: nothing wraps.
  const fits = width === undefined || total(shown) <= width;
  const render = (cells: readonly (Cell | undefined)[]): string => {
    const parts = shown.map(({ column, at, width: room }) => {
      const cell = cells[at];
      const cut = column.shortensTo !== undefined ? cutMiddle : column.keepsTail === true ? cutBeforeTail : cutEnd;
      const text = cut(textOf(cell), room, ascii);
      const padded = pad(text, room, column.align === 'right' ? 'left' : 'right') + gapAfter(column);
      const tone = typeof cell === 'object' ? cell.style : undefined;
      return tone === undefined || style === undefined || !fits
        ? padded
        : padded.replace(text, () => style(tone, text));
    });
    const line = parts.join('').trimEnd();
    return fits ? line : cutEnd(line, width, ascii);
  };
  return [columns.map(({ title }) => title), ...rows].map(render);
}
