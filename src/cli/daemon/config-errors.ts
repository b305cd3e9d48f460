import type { ConfigResult } from '../../config/index.ts';
import { renderDiagnosticLine, renderDiagnostics } from '../../manifest/index.ts';
import type { Context } from '../context.ts';

/** Everything that is wrong with the configuration, and its warnings, on stderr. */
export function printConfigErrors(result: ConfigResult, context: Context): void {
  for (const diagnostic of result.diagnostics) {
    const text = result.texts.get(diagnostic.file);
    process.stderr.write(
      context.err.isTTY ? renderDiagnostics([diagnostic], text, context.err) : `${renderDiagnosticLine(diagnostic)}\n`,
    );
  }
}
