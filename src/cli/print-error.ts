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
  const error = withSocket(asThubanError(thrown), context);
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
  // Where nobody knew what to type, the page of the code does.
  lines.push(`  ${err.style('cyan', 'hint')}: ${error.hint ?? `thuban explain ${error.code}`}`);
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** Nobody is there: a forgotten THUBAN_SOCKET is as likely as a daemon that does not run. */
const NOBODY: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ENOTSOCK', 'ECONNREFUSED'];

function withSocket(error: ThubanError, { socketFrom }: Context): ThubanError {
  const { code, message, hint, details, cause } = error;
  if (code !== 'TH6001' || socketFrom === undefined || !NOBODY.includes(details['cause'])) return error;
  const check = `check the path, which ${socketFrom} names`;
  return new ThubanError(code, message, { hint: hint === undefined ? check : `${check}; ${hint}`, details, cause });
}
