import { isAboutText, visible, widthOf, wrapWords, type Diagnostic } from '../base/index.ts';
import { unixLines } from './decode.ts';
import { cutLine, type CutLine } from './render-text.ts';

export interface RenderOptions {
  color: boolean;
  /** Width of the terminal; frames stay within it. */
  columns: number;
  /** What is drawn is ASCII. The text of the file stays as it is. */
  ascii?: boolean;
}

/** Less is no terminal to draw on; then lines are longer than it. */
const NARROWEST = 20;

/** Draws diagnostics for a person: a place that editors link, the lines of the file, and what to do next. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sourceText: string | undefined,
  options: RenderOptions,
): string {
  const lines = sourceText === undefined ? undefined : unixLines(sourceText.replace(/^\uFEFF/, '')).split('\n');
  return diagnostics.map((diagnostic) => renderOne(diagnostic, lines, options)).join('');
}

/** One line for pipes: `FILE:L:C: error TH1102: MESSAGE (HINT)`, or `FILE: error …` about a file as a whole. */
export function renderDiagnosticLine(diagnostic: Diagnostic): string {
  const { severity, code, message, hint, elsewhere = [] } = diagnostic;
  const notes = [
    ...elsewhere.map((note) => `${pointOf(note)} ${note.label}`),
    ...(hint === undefined ? [] : [hint]),
    ...restOf(diagnostic),
  ];
  const more = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return visible(`${placeOf(diagnostic)}: ${severity} ${code}: ${message}${more}`);
}

/** What is about a file as a whole has no line to look at. */
function placeOf(diagnostic: Diagnostic): string {
  return isAboutText(diagnostic) ? pointOf(diagnostic) : diagnostic.file;
}

function pointOf({ file, line, column }: { file: string; line: number; column: number }): string {
  return `${file}:${line}:${column}`;
}

/** That a list was cut, behind its last finding. */
function restOf({ omitted }: Diagnostic): string[] {
  if (omitted === undefined) return [];
  return [`${omitted.errors + omitted.warnings} more findings are not shown`];
}

function renderOne(diagnostic: Diagnostic, lines: readonly string[] | undefined, options: RenderOptions): string {
  const { severity, code, message, elsewhere = [] } = diagnostic;
  const what = paint(`${severity}[${code}]`, severity === 'error' ? 'red' : 'yellow', options);
  const start = visible(placeOf(diagnostic));
  const head = beside(`${start} ${what}:`, widthOf(`${start} ${severity}[${code}]:`), message, options);
  const marks = lines === undefined || !isAboutText(diagnostic) ? [] : marksOf(diagnostic);
  const notes = elsewhere.flatMap((note) => {
    const point = visible(pointOf(note));
    return beside(`   ${paint(point, 'cyan', options)}`, widthOf(point) + 3, note.label, options, 'cyan');
  });
  const frame = frameOf(marks, lines ?? [], options);
  return [
    ...head,
    ...frame,
    ...notes,
    ...hintLines(restOfHint(diagnostic, marks), options),
    ...restOf(diagnostic),
    '',
  ].join('\n');
}

/** A text behind what it is about, which is never broken, or below it when both do not fit into a line. */
function beside(
  start: string,
  width: number,
  text: string,
  options: RenderOptions,
  colour?: keyof typeof CODES,
): string[] {
  const said = spoken(text, options);
  const painted = (line: string): string => (colour === undefined ? line : paint(line, colour, options));
  if (width + 1 + widthOf(said) <= options.columns) return [`${start} ${painted(said)}`];
  const indent = ' '.repeat(start.length - start.trimStart().length + 2);
  const lines = wrapWords(said, Math.max(NARROWEST, options.columns - indent.length));
  return [start, ...lines.map((line) => indent + painted(line))];
}

interface Mark {
  line: number;
  column: number;
  length: number;
  label: string;
  main: boolean;
}

/** The marked places in the order of the file. A second place without a label is only shown. */
function marksOf(diagnostic: Diagnostic): Mark[] {
  const { line, column, length, related, hint } = diagnostic;
  // Where nothing else is to be said beside the underline, a second place leaves the hint no better one.
  const label = diagnostic.label ?? (related !== undefined && hint !== undefined ? `hint: ${hint}` : '');
  const marks: Mark[] = [{ line, column, length, label, main: true }];
  if (related !== undefined && (related.label !== '' || related.line !== line)) marks.push({ ...related, main: false });
  return marks.sort((a, b) => a.line - b.line || a.column - b.column);
}

function frameOf(marks: readonly Mark[], lines: readonly string[], options: RenderOptions): string[] {
  const digits = Math.max(2, ...marks.map((mark) => String(mark.line).length));
  return marks.flatMap((mark, i) => {
    const text = (lines[mark.line - 1] ?? '').replace(/\r$/, '');
    const room = Math.max(NARROWEST, options.columns - digits - 6);
    const cut = cutLine(text, mark.column, mark.length, room, options.ascii);
    const repeated = marks[i - 1]?.line === mark.line;
    const source = repeated ? [] : [sourceLine(mark, marks, cut, digits, options)];
    return [...source, ...underline(mark, cut, digits, options)];
  });
}

function sourceLine(mark: Mark, marks: readonly Mark[], cut: CutLine, digits: number, options: RenderOptions): string {
  const main = marks.some((other) => other.main && other.line === mark.line);
  const marked = mark.main ? paint(cut.marked, 'bold', options) : cut.marked;
  return ` ${main ? '>' : ' '} ${String(mark.line).padEnd(digits)} | ${cut.before}${marked}${cut.after}`.trimEnd();
}

function underline(mark: Mark, cut: CutLine, digits: number, options: RenderOptions): string[] {
  if (!mark.main && mark.label === '') return [];
  const gutter = `${' '.repeat(digits + 4)}| `;
  const indent = ' '.repeat(widthOf(cut.before));
  const line = (mark.main ? '^' : '-').repeat(Math.max(1, cut.underlined));
  const colour = mark.main ? 'red' : 'cyan';
  if (mark.label === '') return [gutter + indent + paint(line, colour, options)];
  const label = spoken(mark.label, options);
  const fits = gutter.length + indent.length + line.length + 1 + widthOf(label) <= options.columns;
  if (fits) return [gutter + indent + paint(`${line} ${label}`, colour, options)];
  const below = wrapWords(label, Math.max(NARROWEST, options.columns - gutter.length));
  return [
    gutter + indent + paint(line, colour, options),
    ...below.map((text) => gutter + paint(text, colour, options)),
  ];
}

/** What the frame does not say already: a hint may begin with the label. */
function restOfHint({ hint = '' }: Diagnostic, marks: readonly Mark[]): string {
  const label = marks.find((mark) => mark.main)?.label ?? '';
  if (label === `hint: ${hint}`) return '';
  return label !== '' && hint.startsWith(label) ? hint.slice(label.length).trimStart() : hint;
}

function hintLines(hint: string, options: RenderOptions): string[] {
  if (hint === '') return [];
  const start = '   hint: ';
  return wrapWords(spoken(hint, options), Math.max(NARROWEST, options.columns - start.length)).map((line, i) =>
    i === 0 ? `   ${paint('hint:', 'cyan', options)} ${line}` : ' '.repeat(start.length) + line,
  );
}

/** Our own words, as any terminal shows them. */
function spoken(text: string, { ascii = false }: RenderOptions): string {
  const safe = visible(text);
  return ascii ? safe.replaceAll('→', '->').replaceAll('…', '..') : safe;
}

const CODES = { red: '31', yellow: '33', cyan: '36', bold: '1' } as const;

/** Colour repeats what the words say; without it nothing is lost. */
function paint(text: string, colour: keyof typeof CODES, options: RenderOptions): string {
  return options.color && text !== '' ? `\u001B[${CODES[colour]}m${text}\u001B[0m` : text;
}
