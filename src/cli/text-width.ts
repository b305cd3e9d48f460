import { beginning, widthOf } from '../base/index.ts';

export { widthOf, wrapWords } from '../base/index.ts';

/** Less of a text tells nothing. */
const SHORTEST_HEAD = 4;

function ellipsis(ascii: boolean): string {
  return ascii ? '..' : '…';
}

/** The beginning of a text that is too long, and a sign that it goes on. */
export function cutEnd(text: string, cells: number, ascii: boolean): string {
  if (widthOf(text) <= cells) return text;
  const sign = ellipsis(ascii);
  if (cells <= sign.length) return beginning(text, cells).join('');
  return beginning(text, cells - sign.length).join('') + sign;
}

/** Beginning and end of a text that is too long: of `sensor-north-west:1.2.0` both the name and the version are told. */
export function cutMiddle(text: string, cells: number, ascii: boolean): string {
  if (widthOf(text) <= cells) return text;
  const sign = ellipsis(ascii);
  const left = cells - sign.length;
  if (left < 2) return cutEnd(text, cells, ascii);
  const end = beginning(Array.from(text).reverse(), Math.floor(left / 2)).reverse();
  return beginning(text, left - widthOf(end.join(''))).join('') + sign + end.join('');
}

/** Blanks up to a width. */
export function pad(text: string, cells: number, side: 'left' | 'right' = 'right'): string {
  const blanks = ' '.repeat(Math.max(0, cells - widthOf(text)));
  return side === 'left' ? blanks + text : text + blanks;
}

/** Like `cutEnd`, but what stands behind the last comma is kept whole when some of the beginning fits beside it. */
export function cutBeforeTail(text: string, cells: number, ascii: boolean): string {
  const at = text.lastIndexOf(', ');
  const room = cells - widthOf(text.slice(at));
  if (at < 0 || room < SHORTEST_HEAD || widthOf(text) <= cells) return cutEnd(text, cells, ascii);
  return cutEnd(text.slice(0, at), room, ascii) + text.slice(at);
}
