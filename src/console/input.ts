import { ThubanError, suggest } from '../base/index.ts';
import type { Operation, Validator } from './generated/operations.d.ts';
import { refusal, shown } from './refusal.ts';

type Kinds = Operation<unknown, unknown, unknown>['kinds'];

const TRUE = new Set(['', 'true', '1']);
const FALSE = new Set(['false', '0']);

/** A value of the described form; anything else is TH6012, which says what is wrong with it. */
export function check<T>(validator: Validator<T>, place: 'path' | 'query' | 'body', value: unknown): T {
  if (validator(value)) return value;
  throw refusal(place, validator.errors?.[0]);
}

/**
 * `follow&tail=5&type=oom,exited` as values of the described types. `+` is a plus, as RFC 3986 has it, so that `+02:00` and `1.0.0+5` need no
 * encoding. A comma within an entry of a list does. What cannot be read as its type stays text, for the validator to refuse.
 */
export function readQuery(text: string, kinds: Kinds): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (text === '') return values;
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : part.slice(equals + 1);
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind === undefined) throw unknownParameter(key, kinds);
    const before = values[key];
    if (kind === 'array')
      values[key] = [...(Array.isArray(before) ? (before as unknown[]) : []), ...value.split(',').map(decode)];
    else if (before === undefined) values[key] = typed(decode(value), kind);
    else throw new ThubanError('TH6012', `the query holds \`${key}\` twice`, { details: { in: 'query', key } });
  }
  return values;
}

function typed(text: string, kind: Kinds[string]): unknown {
  if (kind === 'boolean') return TRUE.has(text) ? true : FALSE.has(text) ? false : text;
  if (kind === 'integer') return /^\d{1,16}$/.test(text) ? Number(text) : text;
  if (kind === 'number') return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : text;
  return text;
}

/** Percent-encoded text of a path or a query. */
export function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new ThubanError('TH6012', `${shown(text)} is not percent-encoded UTF-8`, {
      hint: 'write a percent sign as `%25`',
      cause: error,
    });
  }
}

function unknownParameter(key: string, kinds: Kinds): ThubanError {
  const known = Object.keys(kinds);
  const meant = suggest(key, known);
  const here = known.length === 0 ? 'this route has no parameters' : `parameters here: ${known.join(', ')}`;
  return new ThubanError('TH6012', `unknown parameter ${shown(key)} in the query`, {
    hint: meant === undefined ? here : `did you mean \`${meant}\`?`,
    details: { in: 'query', key },
  });
}
