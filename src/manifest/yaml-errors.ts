import type { YAMLParseError } from 'yaml';
import type { Code, Diagnostic } from '../base/index.ts';
import type { Source } from './source.ts';
import type { Span } from './tree.ts';

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

/** Says in words of a manifest what the YAML library found. Only the first error is told: the rest follows from it. */
export function syntaxDiagnostic(source: Source, error: YAMLParseError): Diagnostic {
  const offset = visibleOffset(source, error.pos[0]);
  const tab = indentTab(source, source.place(offset).line, error.code === 'TAB_AS_INDENT');
  if (tab !== undefined)
    return textDiagnostic(source, 'TH1003', 'tab in indentation', tab, {
      label: 'YAML indents with spaces only',
      hint: `replace each tab by two spaces ${NOTHING_ELSE}`,
    });
  const { reason, hint } = explain(error, source.text.charAt(offset));
  return textDiagnostic(
    source,
    'TH1001',
    `cannot read this as YAML: ${reason}`,
    { offset, length: 1 },
    { hint: `${hint} ${NOTHING_ELSE}` },
  );
}

/** An error at the end of the file belongs to the last line that a person can see. */
function visibleOffset(source: Source, offset: number): number {
  if (offset < source.text.length) return offset;
  return Math.max(0, source.text.trimEnd().length - 1);
}

/** The tab in the indentation of the line of an error or of its neighbours. */
function indentTab(source: Source, line: number, certain: boolean): Span | undefined {
  for (const number of certain ? [line, line - 1, line + 1] : [line, line - 1]) {
    const text = source.line(number);
    const indent = /^[ \t]*/.exec(text)?.[0] ?? '';
    const tab = indent.indexOf('\t');
    if (tab < 0 || indent.length === text.length || text.charAt(indent.length) === '#') continue;
    let start = 0;
    for (let n = 1; n < number; n++) start = source.text.indexOf('\n', start) + 1;
    return { offset: start + tab, length: 1 };
  }
  return undefined;
}

function explain(error: YAMLParseError, char: string): { reason: string; hint: string } {
  switch (error.code) {
    case 'BAD_SCALAR_START':
      return { reason: `a value cannot begin with \`${char}\``, hint: 'put the value in quotes' };
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return {
        reason: 'a second key begins inside of this value',
        hint: 'quote the value if the `:` belongs to it, else indent all keys of a map alike',
      };
    case 'MISSING_CHAR':
      return { reason: lower(error.message), hint: 'add the missing character' };
    case 'BAD_INDENT':
      return { reason: lower(error.message), hint: 'close the bracket before this line, or indent the line further' };
    case 'BAD_DQ_ESCAPE':
      return { reason: lower(error.message), hint: 'write `\\\\` for a backslash, or use single quotes' };
    default:
      return { reason: lower(error.message), hint: 'check quotes, brackets and the indentation of this line' };
  }
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/[.:]$/, '');
}
