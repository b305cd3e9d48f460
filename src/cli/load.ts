import { codes, type Diagnostic } from '../base/index.ts';
import {
  loadManifest,
  readManifestBytes,
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

/**
 * The manifest with the bytes that were read, for commands that sign or pack them; or undefined after its errors were printed to stderr.
 * Warnings are printed too, unless --quiet.
 */
export function loadBytesOrExplain(
  file: string,
  context: Context,
): { bytes: Uint8Array; loaded: LoadedManifest } | undefined {
  const read = readManifestBytes(file);
  const bytes = 'bytes' in read ? read.bytes : undefined;
  const result: LoadResult =
    'fatal' in read ? { ok: false, diagnostics: [read.fatal] } : loadManifest(read.bytes, file);
  explain(result.diagnostics, () => sourceOf(file), context);
  return !result.ok || bytes === undefined ? undefined : { bytes, loaded: result.manifest };
}

/** Prints findings to stderr, errors only with --quiet. `textOf` gives the text that the place of a finding is in. */
export function explain(
  findings: readonly Diagnostic[],
  textOf: (finding: Diagnostic) => string | undefined,
  context: Context,
): void {
  const shown = context.quiet ? findings.filter(({ severity }) => severity === 'error') : findings;
  if (shown.length === 0) return;
  if (context.json) {
    process.stderr.write(`${JSON.stringify(asError(shown))}\n`);
    return;
  }
  const { isTTY, color, columns, ascii } = context.err;
  // The text of a file is looked for once, however much is wrong with it.
  const texts = new Map(shown.map((finding) => [finding.file, finding]));
  for (const [file, one] of texts) {
    const own = shown.filter((finding) => finding.file === file);
    process.stderr.write(
      isTTY
        ? renderDiagnostics(own, textOf(one), { color, columns, ascii })
        : own.map((finding) => `${renderDiagnosticLine(finding)}\n`).join(''),
    );
  }
}
