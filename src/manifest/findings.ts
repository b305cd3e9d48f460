import type { Code, Diagnostic } from '../base/index.ts';

/** Nobody reads more, and a file of a megabyte can hold tens of thousands. */
const MAX_FINDINGS = 1000;

/** Errors first, each kind in the order of the file, and not more than a person reads: the last one then says so. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return atMost(MAX_FINDINGS, diagnostics.toSorted(bySeverityAndPlace));
}

function atMost(count: number, diagnostics: Diagnostic[]): Diagnostic[] {
  const last = diagnostics[count - 1];
  if (last === undefined || diagnostics.length === count) return diagnostics;
  const more = `${diagnostics.length - count} more findings are not shown`;
  return [
    ...diagnostics.slice(0, count - 1),
    { ...last, hint: `${last.hint === undefined ? '' : `${last.hint}; `}${more}` },
  ];
}

function bySeverityAndPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** A finding about a file as a whole, or about a byte of it before there is any text. */
export function fileFinding(
  file: string,
  code: Code,
  message: string,
  hint: string,
  place = { line: 1, column: 1 },
): Diagnostic {
  return { code, severity: 'error', message, hint, file, ...place, length: 1, path: '' };
}
