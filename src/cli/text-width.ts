/** Characters that take no cell: marks that sit on the one before, and format characters. */
const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Characters that take two: East Asian wide ones and pictures. */
const TWO_CELLS =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

/** Less of a text tells nothing. */
const SHORTEST_HEAD = 4;

const PLAIN = /^[\x20-\x7e]*$/;

function cellsOf(character: string): number {
  if (NO_CELL.test(character)) return 0;
  return TWO_CELLS.test(character) ? 2 : 1;
}

/** How many cells of a terminal a text takes. Control characters are not expected here; see `visible`. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** As much of the beginning as fits into so many cells. */
function head(characters: Iterable<string>, cells: number): string[] {
  const taken: string[] = [];
  let left = cells;
  for (const character of characters) {
    left -= cellsOf(character);
    if (left < 0) break;
    taken.push(character);
  }
  return taken;
}

function ellipsis(ascii: boolean): string {
  return ascii ? '..' : '…';
}

/** The beginning of a text that is too long, and a sign that it goes on. */
export function cutEnd(text: string, cells: number, ascii: boolean): string {
  if (widthOf(text) <= cells) return text;
  const sign = ellipsis(ascii);
  if (cells <= sign.length) return head(text, cells).join('');
  return head(text, cells - sign.length).join('') + sign;
}

/** Beginning and end of a text that is too long: of `sensor-north-west:1.2.0` both the name and the version are told. */
export function cutMiddle(text: string, cells: number, ascii: boolean): string {
  if (widthOf(text) <= cells) return text;
  const sign = ellipsis(ascii);
  const left = cells - sign.length;
  if (left < 2) return cutEnd(text, cells, ascii);
  const end = head(Array.from(text).reverse(), Math.floor(left / 2)).reverse();
  return head(text, left - widthOf(end.join(''))).join('') + sign + end.join('');
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

/** A command in backticks or in parentheses, as hints have them. */
const COMMAND = /`(?:sudo )?(?:thuban|chmod|chown|mkdir) [^`]*`|\((?:sudo )?(?:thuban|chmod|chown|mkdir) [^()]*\)/g;
/** Stands for a blank that no line is broken at; a character for private use, which nobody has in a message. */
const GLUE = '\uE000';

/**
 * Lines of at most so many cells, broken between words. A word that is longer than a line is broken where the line ends; a command never is,
 * because it is copied as it stands: the terminal itself breaks one that is too long.
 */
export function wrapWords(text: string, cells: number): string[] {
  const glued = text.replaceAll(COMMAND, (command) => command.replaceAll(' ', GLUE));
  return wrapAtBlanks(glued, cells).map((line) => line.replaceAll(GLUE, ' '));
}

function wrapAtBlanks(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= cells) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > cells && !line.includes(GLUE)) {
      const first = head(line, Math.max(cells, 2)).join('');
      lines.push(first);
      line = line.slice(first.length);
    }
  }
  return line === '' ? lines : [...lines, line];
}
