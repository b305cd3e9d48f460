import { places, type Explanation } from '../../explain/index.ts';
import type { Terminal } from '../terminal.ts';
import { pad, wrapWords } from '../text-width.ts';

const MARGIN = '  ';
/** Below this the summary cannot be read any more. */
const NARROWEST = 20;

interface Row {
  cells: string[];
  summary: string;
}

/** Everything that can be explained, by the place where to look. A pipe has each on one line, so that it can be searched. */
export function listText(all: readonly Explanation[], terminal: Terminal): string[] {
  const codes = all.filter((one) => one.kind === 'code');
  const words = all.filter((one) => one.kind === 'word');
  const ofPlaces = places.flatMap(({ digit, title }) => {
    const here = codes.filter(({ code }) => code.startsWith(`TH${digit}`));
    return here.length === 0
      ? []
      : [terminal.style('bold', `TH${digit}xxx  ${title}`), ...rows(here.map(rowOf), terminal), ''];
  });
  const ofWords = [terminal.style('bold', 'States, conditions and exit reasons'), ...rows(words.map(rowOf), terminal)];
  return [...ofPlaces, ...ofWords];
}

function rowOf(one: Explanation): Row {
  return { cells: one.kind === 'code' ? [one.code, one.name] : [one.name], summary: one.summary };
}

function rows(all: readonly Row[], terminal: Terminal): string[] {
  const widths = (all[0]?.cells ?? []).map((_, at) => Math.max(...all.map(({ cells }) => cells[at]?.length ?? 0)));
  const indent = widths.reduce((sum, width) => sum + width + MARGIN.length, MARGIN.length);
  const room = terminal.isTTY ? Math.max(NARROWEST, terminal.columns - indent) : Infinity;
  return all.flatMap(({ cells, summary }) => {
    const [first = '', ...others] = wrapWords(summary, room);
    const begin = MARGIN + cells.map((cell, at) => pad(cell, widths[at] ?? 0) + MARGIN).join('');
    return [begin + first, ...others.map((line) => ' '.repeat(indent) + line)];
  });
}
