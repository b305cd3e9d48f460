import { codes, type Diagnostic } from '../base/index.ts';
import {
  loadManifest,
  readManifestBytes,
  readManifestFile,
  renderDiagnosticLine,
  renderDiagnostics,
  type LoadResult,
  type LoadedManifest,
} from '../manifest/index.ts';
import type { Context } from './context.ts';
import { sourceOf } from './validate.ts';

/** One error body, as everywhere: that of the first finding, with all of them in its details. */
export function asError(findings: readonly Diagnostic[]): unknown {
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
  return explained(readManifestFile(file), file, context);
}

/** The same with the bytes that were read, for commands that sign or pack them. */
export function loadBytesOrExplain(
  file: string,
  context: Context,
): { bytes: Uint8Array; loaded: LoadedManifest } | undefined {
  const read = readManifestBytes(file);
  const bytes = 'bytes' in read ? read.bytes : undefined;
  const result: LoadResult =
    'fatal' in read ? { ok: false, diagnostics: [read.fatal] } : loadManifest(read.bytes, file);
  const loaded = explained(result, file, context);
  return loaded === undefined || bytes === undefined ? undefined : { bytes, loaded };
}

function explained(result: LoadResult, file: string, context: Context): LoadedManifest | undefined {
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
