/** Characters that take no cell: marks that sit on the one before, and format characters. */
const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Characters that take two: East Asian wide ones and pictures. */
const TWO_CELLS =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

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
export function beginning(characters: Iterable<string>, cells: number): string[] {
  const taken: string[] = [];
  let left = cells;
  for (const character of characters) {
    left -= cellsOf(character);
    if (left < 0) break;
    taken.push(character);
  }
  return taken;
}

/** A command in backticks or in parentheses, as hints have them. */
const COMMAND = /`(?:sudo )?(?:thuban|chmod|chown|mkdir) [^`]*`|\((?:sudo )?(?:thuban|chmod|chown|mkdir) [^()]*\)/g;
/** What is to be typed, or stands in a file: `uid: 1000`. */
const QUOTED = /`[^`]*`/g;
/** Stands for a blank that no line is broken at; a character for private use, which nobody has in a message. */
const GLUE = '\uE000';
/** The same for a blank at which a line is broken when nothing else helps. */
const SOFT_GLUE = '\uE001';

/**
 * Lines of at most so many cells, broken between words. A word that is longer than a line is broken where the line ends; a command never is,
 * because it is copied as it stands: the terminal itself breaks one that is too long. Other text in backticks is broken only where it must be.
 */
export function wrapWords(text: string, cells: number): string[] {
  const glued = text
    .replaceAll(COMMAND, (command) => command.replaceAll(' ', GLUE))
    .replaceAll(QUOTED, (quoted) => quoted.replaceAll(' ', SOFT_GLUE));
  return wrapAtBlanks(glued, cells).map((line) => line.replaceAll(GLUE, ' ').replaceAll(SOFT_GLUE, ' '));
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
    if (widthOf(word) > cells && word.includes(SOFT_GLUE)) {
      const parts = wrapAtBlanks(word.replaceAll(SOFT_GLUE, ' '), cells);
      lines.push(...parts.slice(0, -1));
      line = parts.at(-1) ?? '';
      continue;
    }
    line = word;
    while (widthOf(line) > cells && !line.includes(GLUE)) {
      const first = beginning(line, Math.max(cells, 2)).join('');
      lines.push(first);
      line = line.slice(first.length);
    }
  }
  return line === '' ? lines : [...lines, line];
}
