import { isAboutText, visible, type Diagnostic } from '../base/index.ts';
import { unixLines } from './decode.ts';
import { cutLine, displayWidth, wrap, type CutLine } from './render-text.ts';

export interface RenderOptions {
  color: boolean;
  /** Width of the terminal; frames stay within it. */
  columns: number;
}

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
  const notes = [...elsewhere.map(noteOf), ...(hint === undefined ? [] : [hint]), ...restOf(diagnostic)];
  return visible(
    `${placeOf(diagnostic)}: ${severity} ${code}: ${message}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`,
  );
}

/** What is about a file as a whole has no line to look at. */
function placeOf(diagnostic: Diagnostic): string {
  const { file, line, column } = diagnostic;
  return isAboutText(diagnostic) ? `${file}:${line}:${column}` : file;
}

/** A place in another file, which is named and not drawn. */
function noteOf({ file, line, column, label }: NonNullable<Diagnostic['elsewhere']>[number]): string {
  return `${file}:${line}:${column} ${label}`;
}

/** That a list was cut, behind its last finding. */
function restOf({ omitted }: Diagnostic): string[] {
  if (omitted === undefined) return [];
  return [`${omitted.errors + omitted.warnings} more findings are not shown`];
}

function renderOne(diagnostic: Diagnostic, lines: readonly string[] | undefined, options: RenderOptions): string {
  const { severity, code, message, hint } = diagnostic;
  const what = paint(`${severity}[${code}]`, severity === 'error' ? 'red' : 'yellow', options);
  const head = `${visible(placeOf(diagnostic))} ${what}: ${visible(message)}`;
  const marks = lines === undefined || !isAboutText(diagnostic) ? [] : marksOf(diagnostic);
  const digits = Math.max(2, ...marks.map((mark) => String(mark.line).length));
  const frame = marks.flatMap((mark, i) => {
    const text = (lines?.[mark.line - 1] ?? '').replace(/\r$/, '');
    const cut = cutLine(text, mark.column, mark.length, options.columns - digits - 6);
    const repeated = marks[i - 1]?.line === mark.line;
    const source = repeated ? [] : [sourceLine(mark, marks, cut, digits, options)];
    return [...source, ...underline(mark, cut, digits, options)];
  });
  const hints = hintLines(restOfHint(hint ?? '', marks), options);
  const notes = (diagnostic.elsewhere ?? []).map((note) => `   ${paint(visible(noteOf(note)), 'cyan', options)}`);
  return [head, ...frame, ...notes, ...hints, ...restOf(diagnostic), ''].join('\n');
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

function sourceLine(mark: Mark, marks: readonly Mark[], cut: CutLine, digits: number, options: RenderOptions): string {
  const main = marks.some((other) => other.main && other.line === mark.line);
  const marked = mark.main ? paint(cut.marked, 'bold', options) : cut.marked;
  return ` ${main ? '>' : ' '} ${String(mark.line).padEnd(digits)} | ${cut.before}${marked}${cut.after}`.trimEnd();
}

function underline(mark: Mark, cut: CutLine, digits: number, options: RenderOptions): string[] {
  if (!mark.main && mark.label === '') return [];
  const gutter = `${' '.repeat(digits + 4)}| `;
  const indent = ' '.repeat(displayWidth(cut.before));
  // A tab is drawn as an arrow and blanks; only the arrow is underlined.
  const width = Math.max(1, displayWidth(cut.marked.replaceAll('→  ', '→')));
  const line = (mark.main ? '^' : '-').repeat(width);
  const colour = mark.main ? 'red' : 'cyan';
  if (mark.label === '') return [gutter + indent + paint(line, colour, options)];
  const label = visible(mark.label);
  const fits = gutter.length + indent.length + width + 1 + displayWidth(label) <= options.columns;
  if (fits) return [gutter + indent + paint(`${line} ${label}`, colour, options)];
  const below = wrap(label, Math.max(20, options.columns - gutter.length));
  return [
    gutter + indent + paint(line, colour, options),
    ...below.map((text) => gutter + paint(text, colour, options)),
  ];
}

/** What the frame does not say already: a hint may begin with the label. */
function restOfHint(hint: string, marks: readonly Mark[]): string {
  const label = marks.find((mark) => mark.main)?.label ?? '';
  if (label === `hint: ${hint}`) return '';
  return label !== '' && hint.startsWith(label) ? hint.slice(label.length).trimStart() : hint;
}

function hintLines(hint: string, options: RenderOptions): string[] {
  if (hint === '') return [];
  const start = '   hint: ';
  return wrap(visible(hint), Math.max(20, options.columns - start.length)).map((line, i) =>
    i === 0 ? `   ${paint('hint:', 'cyan', options)} ${line}` : ' '.repeat(start.length) + line,
  );
}

const CODES = { red: '31', yellow: '33', cyan: '36', bold: '1' } as const;

/** Colour repeats what the words say; without it nothing is lost. */
function paint(text: string, colour: keyof typeof CODES, options: RenderOptions): string {
  return options.color && text !== '' ? `\u001B[${CODES[colour]}m${text}\u001B[0m` : text;
}
