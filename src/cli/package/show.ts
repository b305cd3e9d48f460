import { resolve } from 'node:path';
import type { Diagnostic } from '../../base/index.ts';
import { renderDiagnosticLine, renderDiagnostics } from '../../manifest/index.ts';
import type { Terminal } from '../terminal.ts';

/** Findings as text, with frames on a terminal where there is a text of the manifest to point into. */
export function findingsText(
  diagnostics: readonly Diagnostic[],
  { file, text }: { file: string; text?: string | undefined },
  terminal: Terminal,
): string {
  if (!terminal.isTTY) return diagnostics.map((finding) => `${renderDiagnosticLine(finding)}\n`).join('');
  const options = { color: terminal.color, columns: terminal.columns };
  // A finding about a package itself has no text to point into.
  const whole = file.endsWith('.tar') ? resolve(file) : undefined;
  return diagnostics
    .map((finding) => renderDiagnostics([finding], finding.file === whole ? undefined : text, options))
    .join('');
}
