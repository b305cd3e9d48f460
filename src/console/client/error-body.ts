import { ThubanError, codes, version, type Code, type Position, type ThubanErrorOptions } from '../../base/index.ts';

/** The error that an answer reports, as it was thrown in the daemon. Undefined when the text is no error body. */
export function asThubanError(text: string): ThubanError | undefined {
  const error = field(parse(text), 'error');
  const code = field(error, 'code');
  const message = field(error, 'message');
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  const hint = field(error, 'hint');
  const { position, ...details } = asRecord(field(error, 'details'));
  const options: ThubanErrorOptions = { details, ...(typeof hint === 'string' ? { hint } : {}) };
  if (isPosition(position)) options.position = position;
  if (isCode(code)) return new ThubanError(code, message, options);
  return new ThubanError('TH6008', `the daemon reports ${code}, which version ${version} does not know: ${message}`, {
    ...options,
    details: { ...details, code },
  });
}

function isCode(code: string): code is Code {
  return Object.hasOwn(codes, code);
}

function isPosition(value: unknown): value is Position {
  return (
    typeof field(value, 'file') === 'string' &&
    typeof field(value, 'line') === 'number' &&
    typeof field(value, 'column') === 'number'
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // Not JSON is one more way of not being an error body; the caller tells.
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function field(value: unknown, key: string): unknown {
  return asRecord(value)[key];
}
