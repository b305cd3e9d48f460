import type { Code, Diagnostic } from '../base/index.ts';
import type { Source } from './source.ts';
import type { Span } from './tree.ts';
import { explain, type SyntaxError } from './yaml-advice.ts';

const NOTHING_ELSE = '(nothing else was checked: the file could not be read past this line)';

/** A diagnostic about the text itself, before there is a tree. */
export function textDiagnostic(
  source: Source,
  code: Code,
  message: string,
  span: Span,
  extra: Partial<Pick<Diagnostic, 'hint' | 'label' | 'path' | 'related'>> = {},
): Diagnostic {
  const place = source.place(span.offset);
  return {
    code,
    severity: 'error',
    message,
    file: source.file,
    ...place,
    length: Math.max(1, span.length),
    path: '',
    ...extra,
  };
}

/** Says in words of a person what the YAML library found. Only the first error is told: the rest follows from it. */
export function syntaxDiagnostic(source: Source, errors: readonly SyntaxError[]): Diagnostic | undefined {
  const [error] = errors;
  if (error === undefined) return undefined;
  const offset = visibleOffset(source, error.pos[0]);
  const tab = indentTab(source, source.place(offset).line, error.code === 'TAB_AS_INDENT');
  if (tab !== undefined)
    return textDiagnostic(source, 'TH1003', 'tab in indentation', tab, {
      label: 'YAML indents with spaces only',
      hint: `replace each tab by two spaces ${NOTHING_ELSE}`,
    });
  const continued = errors.find(({ code, pos }) => code === 'MULTILINE_IMPLICIT_KEY' && pos[0] === error.pos[0]);
  const stray = continued === undefined ? undefined : strayKey(source, continued.pos);
  if (stray !== undefined)
    return textDiagnostic(source, 'TH1001', `cannot read this as YAML: this line continues the value above it`, stray, {
      hint: `indent all keys of a map alike ${NOTHING_ELSE}`,
    });
  const { reason, hint } = explain(error, source.text.charAt(offset));
  const span = { offset, length: 1 };
  const message = `cannot read this as YAML: ${reason}`;
  return textDiagnostic(source, 'TH1001', message, span, { hint: `${hint} ${NOTHING_ELSE}` });
}

/** An error at the end of the file belongs to the last line that a person can see. */
function visibleOffset(source: Source, offset: number): number {
  if (offset < source.text.length) return offset;
  return Math.max(0, source.text.trimEnd().length - 1);
}

/** A key that YAML takes for the rest of the value above, because it is indented further. */
function strayKey(source: Source, [start, end]: [number, number]): Span | undefined {
  const text = source.text.slice(start, end);
  const line = text.lastIndexOf('\n') + 1;
  if (line === 0) return undefined;
  const indent = text.slice(line).search(/[^ ]/);
  return { offset: start + line + Math.max(indent, 0), length: Math.max(1, text.length - line - indent) };
}

/** The tab in the indentation of the line of an error or of its neighbours. */
function indentTab(source: Source, line: number, certain: boolean): Span | undefined {
  for (const number of certain ? [line, line - 1, line + 1] : [line, line - 1]) {
    const text = source.line(number);
    const indent = /^[ \t]*/.exec(text)?.[0] ?? '';
    const tab = indent.indexOf('\t');
    if (tab < 0 || indent.length === text.length || text.charAt(indent.length) === '#') continue;
    return { offset: source.start(number) + tab, length: 1 };
  }
  return undefined;
}
