import { ThubanError, messageOf, version } from '../base/index.ts';
import type { Context } from './context.ts';

/** Anything thrown becomes an error with a code. What has none of its own is a bug, and says what to send. */
export function asThubanError(error: unknown): ThubanError {
  if (error instanceof ThubanError) return error;
  return new ThubanError('TH9001', `a bug in Thuban: ${messageOf(error)}`, {
    hint: `please report this text: thuban ${version}, Node ${process.version}, ${process.platform} ${process.arch}\n${stackOf(error)}`,
    cause: error,
  });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

export function printError(thrown: unknown, context: Context): void {
  const error = asThubanError(thrown);
  if (context.json) {
    process.stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
    return;
  }
  const { err } = context;
  const lines = [`${err.style('red', `error[${error.code}]`)}: ${error.message}`];
  const place = error.position;
  const key = error.details['key'];
  if (place !== undefined) {
    const from = typeof key === 'string' ? `from ${key}   ` : '';
    lines.push(`  ${from}${place.file}:${place.line}:${place.column}`);
  }
  if (error.hint !== undefined) lines.push(`  ${err.style('cyan', 'hint')}: ${error.hint}`);
  process.stderr.write(`${lines.join('\n')}\n`);
}
