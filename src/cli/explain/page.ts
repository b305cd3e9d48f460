import type { Example, Explanation } from '../../explain/index.ts';
import type { Terminal } from '../terminal.ts';
import { wrapWords } from '../text-width.ts';

/** Long lines are hard to read, and a serial console has no more. */
const WIDEST = 80;
/** Below this nothing can be read any more. */
const NARROWEST = 40;

/** One page: what it is, why it happens, what it looks like, what to do. */
export function pageText(page: Explanation, terminal: Terminal): string[] {
  const width = Math.max(NARROWEST, Math.min(WIDEST, terminal.columns));
  const title = (text: string): string => terminal.style('bold', text);
  return [
    heading(page, terminal),
    ...wrapWords(page.summary, width),
    '',
    title(page.causes.length === 1 ? 'Cause' : 'Causes'),
    ...listed(page.causes, width),
    ...(page.example === undefined ? [] : exampleLines(page.example, title)),
    '',
    title('What to do'),
    ...listed(page.fixes, width),
  ];
}

function heading(page: Explanation, terminal: Terminal): string {
  const name = terminal.style('bold', page.name);
  if (page.kind === 'word') return `${name}   ${page.is.join(', ')}`;
  const severity = terminal.style(page.severity === 'error' ? 'red' : 'yellow', page.severity);
  return `${terminal.style('bold', page.code)}  ${name}   ${severity}`;
}

function listed(sentences: readonly string[], width: number): string[] {
  return sentences.flatMap((sentence) =>
    wrapWords(sentence, width - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`),
  );
}

/** Examples are copied, so that they are shown as they are, however narrow the terminal. */
function exampleLines(example: Example, title: (text: string) => string): string[] {
  const indented = (lines: readonly string[]): string[] => lines.map((line) => `    ${line}`.trimEnd());
  switch (example.type) {
    case 'session':
      return ['', title('Example'), ...indented(example.text)];
    case 'manifest':
    case 'commands':
      return ['', title('Example'), ...indented(example.bad), title('Mended'), ...indented(example.good)];
    case 'folder': {
      const all = (files: (typeof example)['bad']): string[] =>
        Object.entries(files).flatMap(([name, lines]) => [`  ${name}:`, ...indented(lines)]);
      return ['', title('Example'), ...all(example.bad), title('Mended'), ...all(example.good)];
    }
  }
}
