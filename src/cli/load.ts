import { codes, type Diagnostic } from '../base/index.ts';
import { readManifestFile, renderDiagnosticLine, renderDiagnostics, type LoadedManifest } from '../manifest/index.ts';
import type { Context } from './context.ts';
import { sourceOf } from './validate.ts';

/** One error body, as everywhere: that of the first finding, with all of them in its details. */
function asError(findings: Diagnostic[]): unknown {
  const first = findings.find((finding) => finding.severity === 'error') ?? findings[0];
  if (first === undefined) return { error: null };
  const { code, message, hint } = first;
  return {
    error: {
      code,
      name: codes[code].name,
      message,
      ...(hint === undefined ? {} : { hint }),
      details: { errors: findings },
    },
  };
}

/** The manifest, or undefined after its errors were printed to stderr. Warnings are printed too, unless --quiet. */
export function loadOrExplain(file: string, context: Context): LoadedManifest | undefined {
  const result = readManifestFile(file);
  const shown = context.quiet ? result.diagnostics.filter((d) => d.severity === 'error') : result.diagnostics;
  if (shown.length > 0) {
    if (context.json) process.stderr.write(`${JSON.stringify(asError(shown))}\n`);
    else if (context.err.isTTY) {
      const options = { color: context.err.color, columns: context.err.columns };
      process.stderr.write(renderDiagnostics(shown, sourceOf(file), options));
    } else for (const diagnostic of shown) process.stderr.write(`${renderDiagnosticLine(diagnostic)}\n`);
  }
  return result.ok ? result.manifest : undefined;
}
