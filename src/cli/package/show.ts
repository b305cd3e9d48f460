import type { Diagnostic } from '../../base/index.ts';
import { renderDiagnosticLine, renderDiagnostics } from '../../manifest/index.ts';
import type { Terminal } from '../terminal.ts';

/** Findings as text, with frames on a terminal where there is a text of the manifest to point into. */
export function findingsText(diagnostics: readonly Diagnostic[], text: string | undefined, terminal: Terminal): string {
  if (!terminal.isTTY) return diagnostics.map((finding) => `${renderDiagnosticLine(finding)}\n`).join('');
  return renderDiagnostics(diagnostics, text, terminal);
}
