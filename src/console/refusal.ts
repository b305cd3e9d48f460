import { ThubanError, suggest, visible } from '../base/index.ts';
import type { SchemaError } from './generated/operations.d.ts';

const LONGEST_SHOWN = 64;

/** A value as a client sent it: short, and safe to print. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return `\`${visible(cut)}\``;
}

/** What a validator found, in words. The first finding is told; a client that writes by the document makes none. */
export function refusal(place: 'path' | 'query' | 'body', error: SchemaError | undefined): ThubanError {
  if (error === undefined) return new ThubanError('TH6012', `the ${place} is not of the described form`);
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const where = path.length === 0 ? `the ${place}` : shown(path.join('.'));
  const inPlace = path.length === 0 ? where : `${where} in the ${place}`;
  const refuse = (message: string, hint: string | undefined, key: string | undefined = path.join('.')): ThubanError =>
    new ThubanError('TH6012', message, {
      ...(hint === undefined ? {} : { hint }),
      details: { in: place, ...(key === '' ? {} : { key }) },
    });

  const expected = expectation(error.parentSchema);
  if (error.propertyName !== undefined)
    return refuse(`${inPlace} has the key ${shown(error.propertyName)}`, expected, error.propertyName);
  if (error.keyword === 'additionalProperties')
    return unknownKey(String(error.params['additionalProperty']), inPlace, error, refuse);
  if (error.keyword === 'enum' && typeof error.data === 'string') {
    const words = allowed(error);
    const meant = suggest(error.data, words);
    const hint = meant === undefined ? `one of ${words.join(', ')}` : `did you mean \`${meant}\`?`;
    return refuse(`${inPlace} is ${shown(error.data)}${expected === undefined ? '' : `, expected ${expected}`}`, hint);
  }
  return refuse(`${inPlace} is ${found(error.data)}`, expected === undefined ? undefined : `expected ${expected}`);
}

function unknownKey(
  key: string,
  inPlace: string,
  error: SchemaError,
  refuse: (message: string, hint: string, key: string) => ThubanError,
): ThubanError {
  const known = Object.keys(error.parentSchema['properties'] ?? {});
  const meant = suggest(key, known);
  const here = known.length === 0 ? 'it takes no keys' : `keys here: ${known.join(', ')}`;
  return refuse(
    `unknown key ${shown(key)} in ${inPlace}`,
    meant === undefined ? here : `did you mean \`${meant}\`?`,
    key,
  );
}

function allowed(error: SchemaError): string[] {
  const words = error.params['allowedValues'];
  return Array.isArray(words) ? words.map(String) : [];
}

function expectation(schema: Readonly<Record<string, unknown>>): string | undefined {
  const own = schema['x-expected'];
  if (typeof own === 'string') return own;
  return typeof schema['type'] === 'string' ? (nouns[schema['type']] ?? schema['type']) : undefined;
}

const nouns: Readonly<Record<string, string>> = { object: 'an object', array: 'an array', string: 'a string' };

function found(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return shown(value);
}
