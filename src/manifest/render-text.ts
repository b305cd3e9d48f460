import { visible } from '../base/index.ts';

/** A line of the file as drawn, in three parts: before the marked text, the marked text, and after it. */
export interface CutLine {
  before: string;
  marked: string;
  after: string;
}

const ELLIPSIS = '…';

/** Draws a line in at most `width` columns around the marked part; what does not fit is cut and shown as `…`. */
export function cutLine(text: string, column: number, length: number, width: number): CutLine {
  const room = Math.max(width, 20);
  const start = Math.min(column - 1, text.length);
  const end = Math.min(start + length, text.length);
  // Four source characters per column bound the work on a line of a megabyte.
  const marked = fit(shown(text.slice(start, Math.min(end, start + 4 * room))), Math.floor(room / 2), 'end', false);
  const left = room - displayWidth(marked);
  const headText = text.slice(Math.max(0, start - 4 * room), start);
  const tailText = text.slice(end, end + 4 * room);
  const tailWidth = Math.min(displayWidth(shown(tailText)), Math.floor(left / 3));
  const headWidth = displayWidth(shown(headText));
  const before = fit(shown(headText), left - tailWidth, 'start', start > 4 * room);
  const after = fit(shown(tailText), left - Math.min(headWidth, left - tailWidth), 'end', text.length - end > 4 * room);
  return { before, marked, after };
}

/** Text as it can be shown on any terminal: a tab is an arrow, control characters are `^[`. */
function shown(text: string): string {
  return text.split('\t').map(visible).join('→  ');
}

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += /\p{Mn}/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

/** Cuts a text at its start or end to a width; `more` says that something was cut before. */
function fit(text: string, width: number, side: 'start' | 'end', more: boolean): string {
  if (!more && displayWidth(text) <= width) return text;
  const chars = Array.from(text);
  const kept: string[] = [];
  let used = 1;
  for (let char = next(chars, side); char !== undefined; char = next(chars, side)) {
    used += displayWidth(char);
    if (used > width) break;
    kept.push(char);
  }
  return side === 'end' ? kept.join('') + ELLIPSIS : ELLIPSIS + kept.reverse().join('');
}

function next(chars: string[], side: 'start' | 'end'): string | undefined {
  return side === 'end' ? chars.shift() : chars.pop();
}

/** Breaks at blanks; a word longer than the width stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(last) + 1 + displayWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
