import { visible, widthOf } from '../base/index.ts';

/** A line of the file as drawn, in three parts: before the marked text, the marked text, and after it. */
export interface CutLine {
  before: string;
  marked: string;
  after: string;
  /** Columns of the marked text that are underlined: of a tab only its arrow. */
  underlined: number;
}

/** What stands for a tab and for what was cut. The tab has the width that people mostly give it, so that text stays where it was. */
interface Signs {
  tab: string;
  cut: string;
}

const SIGNS: Signs = { tab: '→  ', cut: '…' };
const ASCII_SIGNS: Signs = { tab: '>  ', cut: '..' };

/** Draws a line in at most `width` columns around the marked part; what does not fit is cut, which is shown. */
export function cutLine(text: string, column: number, length: number, width: number, ascii = false): CutLine {
  const signs = ascii ? ASCII_SIGNS : SIGNS;
  const start = Math.min(column - 1, text.length);
  const end = Math.min(start + length, text.length);
  // Four source characters per column bound the work on a line of a megabyte.
  const reach = 4 * width;
  const markedText = text.slice(start, Math.min(end, start + reach));
  const marked = fit(shown(markedText, signs), Math.floor(width / 2), 'end', false, signs);
  const left = width - widthOf(marked);
  const headText = text.slice(Math.max(0, start - reach), start);
  const tailText = text.slice(end, end + reach);
  const tailWidth = Math.min(widthOf(shown(tailText, signs)), Math.floor(left / 3));
  const headWidth = widthOf(shown(headText, signs));
  const before = fit(shown(headText, signs), left - tailWidth, 'start', start > reach, signs);
  const room = left - Math.min(headWidth, left - tailWidth);
  const after = fit(shown(tailText, signs), room, 'end', text.length - end > reach, signs);
  const underlined = widthOf(marked.replaceAll(signs.tab, signs.tab.trimEnd()));
  return { before, marked, after, underlined };
}

/** Text as it can be shown on any terminal: a tab is an arrow, control characters are `^[`. */
function shown(text: string, { tab }: Signs): string {
  return text.split('\t').map(visible).join(tab);
}

/** Cuts a text at its start or end to a width; `more` says that something was cut before. */
function fit(text: string, width: number, side: 'start' | 'end', more: boolean, { cut }: Signs): string {
  if (!more && widthOf(text) <= width) return text;
  const chars = Array.from(text);
  const kept: string[] = [];
  let used = cut.length;
  for (let char = next(chars, side); char !== undefined; char = next(chars, side)) {
    used += widthOf(char);
    if (used > width) break;
    kept.push(char);
  }
  return side === 'end' ? kept.join('') + cut : cut + kept.reverse().join('');
}

function next(chars: string[], side: 'start' | 'end'): string | undefined {
  return side === 'end' ? chars.shift() : chars.pop();
}
