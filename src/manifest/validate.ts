import { suggest } from '../base/index.ts';
import { composeKeys, composePolicies } from './foreign-words.ts';
import { shape as rootShape } from './generated/shape.js';
import type { Shape } from './generated/shape.d.ts';
import { validate, type SchemaError } from './generated/validate-manifest.js';
import { isOldOctal, keyShape } from './interpret.ts';
import { oldOctal } from './quantities/index.ts';
import type { Finding, Report } from './report.ts';
import { find, formatPath, type KeyPath, type TreeNode } from './tree.ts';
import { isUnsupportedKey, isUnsupportedValue, refusal, unsupportedKeysIn } from './unsupported.ts';
import { keysOfMount } from './rules/mounts.ts';
import { example, quote } from './wording.ts';
import { expectation, found, missing, noun } from './words-of-keys.ts';

/** Checks the shape of a manifest against the schema and reports each difference in words. */
export function checkShape(report: Report, value: unknown): void {
  if (validate(value)) return;
  for (const error of validate.errors ?? []) translate(report, error, value);
}

function translate(report: Report, error: SchemaError, value: unknown): void {
  const path = pathOf(error.instancePath, value);
  const shape = shapeAt(path);
  const node = find(report.root, path)?.node;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      report.add([...path, key], unknownKey(report, path, key, shape));
      return;
    }
    case 'required': {
      const key = String(error.params['missingProperty']);
      report.add([...path, key], missing([...path, key], keyShape(shape, key)?.example));
      return;
    }
    case 'type':
      report.add(path, wrongType(path, shape, node));
      return;
    case 'enum':
    case 'pattern':
      report.add(path, wrongWord(path, shape, node));
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

function shapeAt(path: KeyPath): Shape | undefined {
  let shape: Shape | undefined = rootShape;
  for (const step of path) shape = typeof step === 'number' ? shape?.items : keyShape(shape, step);
  return shape;
}

function unknownKey(report: Report, parent: KeyPath, key: string, shape: Shape | undefined): Finding {
  const path = [...parent, key];
  if (isUnsupportedKey(path)) return refusal(path);
  const where = parent.length === 0 ? '' : ` in ${formatPath(parent)}`;
  const finding: Finding = { code: 'TH1102', message: `unknown key ${quote(key)}${where}`, at: 'key', covers: path };
  if (parent.length > 0) finding.related = { path: parent, at: 'key', label: '' };
  const known = [...Object.keys(shape?.keys ?? {}), ...unsupportedKeysIn(parent)];
  const foreign = Object.hasOwn(composeKeys, key) ? composeKeys[key] : undefined;
  const meant = suggest(key, known);
  const home = homeOf(key);
  if (foreign !== undefined && (meant === undefined || parent.length === 0))
    return { ...finding, hint: `Compose calls it \`${key}\`; here it is ${foreign}` };
  if (meant !== undefined) return both(finding, `did you mean \`${meant}\`?`);
  if (home !== undefined) return both(finding, `it belongs under \`${home}\``);
  return { ...finding, hint: `keys here: ${keysHere(parent, shape, report.root).join(', ')}` };
}

/** The keys that this version executes; of a mount only those of its type. */
function keysHere(parent: KeyPath, shape: Shape | undefined, root: TreeNode): string[] {
  const type = parent[0] === 'mounts' && parent.length === 2 ? find(root, [...parent, 'type'])?.node : undefined;
  return (type?.kind === 'scalar' ? keysOfMount(type.text) : undefined) ?? Object.keys(shape?.keys ?? {});
}

function both(finding: Finding, text: string): Finding {
  return { ...finding, label: text, hint: text };
}

/** The one section that has this key, for a key that was indented too little or too far. */
function homeOf(key: string): string | undefined {
  const homes: KeyPath[] = [];
  const visit = (shape: Shape, path: KeyPath): void => {
    for (const [name, inner] of Object.entries(shape.keys ?? {})) {
      if (name === key) homes.push(path);
      visit(inner, [...path, name]);
    }
  };
  visit(rootShape, []);
  const [only] = homes;
  return homes.length === 1 && only !== undefined && only.length > 0 ? formatPath(only) : undefined;
}

function wrongType(path: KeyPath, shape: Shape | undefined, node: TreeNode | undefined): Finding {
  if (node?.kind === 'scalar' && node.plain && isOldOctal(node.text) && shape?.types.includes('integer') === true)
    return oldOctal(node.text);
  const key = path.at(-1) ?? '';
  const expected = expectation(path, shape);
  const name = path.length === 0 ? 'the manifest' : `\`${formatPath(path)}\``;
  const finding: Finding = { code: 'TH1101', message: `${name} is ${found(node)}, expected ${expected}` };
  if (shape?.example === undefined || path.length === 0) return finding;
  const shown = typeof key === 'number' ? JSON.stringify(shape.example) : example(key, shape.example);
  return { ...finding, hint: `write \`${shown}\`` };
}

function wrongWord(path: KeyPath, shape: Shape | undefined, node: TreeNode | undefined): Finding {
  const text = node?.kind === 'scalar' ? node.text : '';
  if (isUnsupportedValue(path, text)) return refusal(path, text);
  const words = shape?.words ?? (path[0] === 'restart' ? ['never', 'on_failure', 'always'] : []);
  const finding: Finding = { code: 'TH1201', message: `${quote(text)} is not a ${noun(path)}` };
  const foreign = path[0] === 'restart' && Object.hasOwn(composePolicies, text) ? composePolicies[text] : undefined;
  const meant = suggest(text, words) ?? ['CAP_', 'SIG'].map((start) => suggest(start + text, words)).find(Boolean);
  if (foreign !== undefined) finding.label = `Compose calls it \`${text}\`; here it is \`${foreign}\``;
  else if (meant !== undefined) finding.label = `did you mean \`${meant}\`?`;
  const start = finding.label === undefined ? '' : `${finding.label} `;
  if (words.length === 0 || (words.length > MANY && start === ''))
    return { ...finding, hint: `write for example \`${example(String(path.at(-1)), shape?.example)}\`` };
  if (words.length > MANY) return { ...finding, hint: start.trimEnd() };
  return { ...finding, hint: `${start}${words.length === 1 ? 'write' : 'one of'} ${words.join(', ')}` };
}

/** A hint lists so many words at most. */
const MANY = 12;
