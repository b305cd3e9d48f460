import { suggest } from '../base/index.ts';
import { valueOfAnother } from './foreign-words.ts';
import { isOldOctal, keyShape } from './interpret.ts';
import { entryAt, type Language } from './language.ts';
import { oldOctal } from './quantities/index.ts';
import { isUnsupportedValue, refusal } from './refusal.ts';
import type { Finding, Report } from './report.ts';
import type { SchemaError, Shape } from './shape.ts';
import { find, formatPath, type KeyPath, type ScalarNode, type TreeNode } from './tree.ts';
import { unknownKey } from './unknown-key.ts';
import { example, quote } from './wording.ts';
import { expectation, found, missing, noun } from './words-of-keys.ts';

/** Checks the shape of a document against its schema and reports each difference in words. */
export function checkShape(report: Report, value: unknown, language: Language): void {
  if (language.validate(value)) return;
  for (const error of language.validate.errors ?? []) translate(report, error, value, language);
}

function translate(report: Report, error: SchemaError, value: unknown, language: Language): void {
  const path = pathOf(error.instancePath, value);
  const shape = shapeAt(language.shape, path);
  const node = find(report.root, path)?.node;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      report.add([...path, key], unknownKey(report, path, key, shape, language));
      return;
    }
    case 'required': {
      const key = String(error.params['missingProperty']);
      const at = [...path, key];
      report.add(at, missing(at, keyShape(shape, key)?.example, entryAt(language.missing, at)));
      return;
    }
    case 'type':
      report.add(path, wrongType(path, shape, node, language));
      return;
    case 'enum':
    case 'pattern':
      report.add(path, wrongWord(path, shape, node, language));
      return;
    default:
      report.add(path, { code: 'TH1201', message: `\`${formatPath(path)}\` ${error.message ?? error.keyword}` });
  }
}

/** JSON pointer to path; an index is a number where the value is a list. */
function pathOf(pointer: string, root: unknown): KeyPath {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      const isList = Array.isArray(value);
      value = (value as Record<string, unknown> | undefined)?.[key];
      return isList ? Number(key) : key;
    });
}

function shapeAt(root: Shape, path: KeyPath): Shape | undefined {
  let shape: Shape | undefined = root;
  for (const step of path) shape = typeof step === 'number' ? shape?.items : keyShape(shape, step);
  return shape;
}

function wrongType(path: KeyPath, shape: Shape | undefined, node: TreeNode | undefined, language: Language): Finding {
  if (node?.kind === 'scalar' && node.plain && isOldOctal(node.text) && shape?.types.includes('integer') === true)
    return oldOctal(node.text);
  const expected = expectation(language, path, shape);
  const name = path.length === 0 ? `the ${language.document}` : `\`${formatPath(path)}\``;
  const finding: Finding = { code: 'TH1101', message: `${name} is ${found(node)}, expected ${expected}` };
  if (path.length === 0) return { ...finding, hint: 'write `key: value`, each on a line of its own' };
  if (shape?.types.includes('boolean') === true && node?.kind === 'scalar') return { ...finding, ...notBoolean(node) };
  if (shape?.example === undefined) return finding;
  return { ...finding, hint: `write \`${shownAt(path, shape.example)}\`` };
}

/** Words that were booleans before YAML 1.2, and booleans in quotes. */
function notBoolean({ text, plain }: ScalarNode): { label?: string; hint: string } {
  if (!plain && /^(true|false)$/i.test(text)) return { hint: `write \`${text.toLowerCase()}\` without quotes` };
  const meant = /^(y|yes|on|1)$/i.test(text) ? 'true' : /^(n|no|off|0)$/i.test(text) ? 'false' : undefined;
  if (meant === undefined) return { hint: 'write `true` or `false`' };
  const label = `did you mean \`${meant}\`?`;
  return { label, hint: `${label} YAML 1.2 has only \`true\` and \`false\`` };
}

function wrongWord(path: KeyPath, shape: Shape | undefined, node: TreeNode | undefined, language: Language): Finding {
  const text = node?.kind === 'scalar' ? node.text : '';
  if (isUnsupportedValue(language.unsupported, path, text)) return refusal(language.unsupported, path, text);
  const words = shape?.words ?? [];
  const finding: Finding = { code: 'TH1201', message: `${quote(text)} is not a ${noun(language, path)}` };
  const foreign = valueOfAnother(entryAt(language.foreign.values, path) ?? [], text);
  const meant = suggest(text, words) ?? ['CAP_', 'SIG'].map((start) => suggest(start + text, words)).find(Boolean);
  if (foreign !== undefined) finding.label = foreign;
  else if (meant !== undefined) finding.label = `did you mean \`${meant}\`?`;
  const start = finding.label === undefined ? '' : `${finding.label} `;
  if (words.length === 0 || (words.length > MANY && start === ''))
    return { ...finding, hint: `write for example \`${shownAt(path, shape?.example)}\`` };
  if (words.length > MANY) return { ...finding, hint: start.trimEnd() };
  return { ...finding, hint: `${start}${words.length === 1 ? 'write' : 'one of'} ${words.join(', ')}` };
}

/** `key: value` in a map; in a list the value alone. */
function shownAt(path: KeyPath, value: unknown): string {
  const key = path.at(-1) ?? '';
  return typeof key === 'number' ? JSON.stringify(value) : example(key, value);
}

/** A hint lists so many words at most. */
const MANY = 12;
