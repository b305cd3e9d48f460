import type { Code, Diagnostic } from '../base/index.ts';

/** Nobody reads more, and a file of a megabyte can hold tens of thousands. */
const MAX_FINDINGS = 1000;

/** Errors first, each kind in the order of the file, and not more than a person reads: the last one then counts the rest. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = diagnostics.toSorted(bySeverityAndPlace);
  const last = sorted[MAX_FINDINGS - 1];
  if (last === undefined || sorted.length === MAX_FINDINGS) return sorted;
  // What was cut before has counted a rest already.
  const shown = sorted.slice(0, MAX_FINDINGS).map(({ omitted: _, ...diagnostic }): Diagnostic => diagnostic);
  const rest = (severity: Diagnostic['severity']): number =>
    countFindings(sorted, severity) - countFindings(shown, severity);
  shown[MAX_FINDINGS - 1] = { ...last, omitted: { errors: rest('error'), warnings: rest('warning') } };
  return shown;
}

/** How many there are, with those that are not in the list any more. */
export function countFindings(diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number {
  const key = severity === 'error' ? 'errors' : 'warnings';
  return diagnostics.reduce((sum, one) => sum + (one.severity === severity ? 1 : 0) + (one.omitted?.[key] ?? 0), 0);
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
