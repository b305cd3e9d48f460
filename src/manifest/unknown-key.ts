import { suggest } from '../base/index.ts';
import { keyOfAnother } from './foreign-words.ts';
import type { Language } from './language.ts';
import { isUnsupportedKey, refusal, unsupportedKeysIn } from './refusal.ts';
import type { Finding, Report } from './report.ts';
import type { Shape } from './shape.ts';
import { find, formatPath, type KeyPath } from './tree.ts';
import { quote } from './wording.ts';

/** The finding about a key that the schema does not have, and what was probably meant. `shape` is that of the map that it stands in. */
export function unknownKey(
  report: Report,
  parent: KeyPath,
  key: string,
  shape: Shape | undefined,
  language: Language,
): Finding {
  const path = [...parent, key];
  if (isUnsupportedKey(language.unsupported, path)) return refusal(language.unsupported, path);
  if (key === '<<') return mergeKey(parent);
  const where = parent.length === 0 ? '' : ` in ${formatPath(parent)}`;
  const finding: Finding = { code: 'TH1102', message: `unknown key ${quote(key)}${where}`, at: 'key', covers: path };
  if (parent.length > 0) finding.related = { path: parent, at: 'key', label: '' };
  const keys = Object.keys(shape?.keys ?? {});
  const joined = valueInKey(report, path, keys);
  if (joined !== undefined) return both(finding, joined);
  const meant = suggest(key, [...keys, ...unsupportedKeysIn(language.unsupported, parent)]);
  const foreign = keyOfAnother(language.foreign.keys, key);
  const home = homeOf(key, language.shape);
  // A map under a name that both have is one of ours that was indented too little.
  const isOurs = home !== undefined && find(report.root, path)?.node.kind === 'map';
  if (foreign !== undefined && !isOurs && (meant === undefined || parent.length === 0))
    return { ...finding, hint: foreign };
  if (meant !== undefined) {
    const isThere = find(report.root, [...parent, meant]) !== undefined;
    return { ...both(finding, `did you mean \`${meant}\`?`), ...(isThere ? {} : { stands: [...parent, meant] }) };
  }
  if (home !== undefined) return both(finding, `it belongs under \`${home}\``);
  if (key.startsWith('x-'))
    return { ...finding, hint: 'remove it; an anchor can stand at the first place that uses it' };
  return { ...finding, hint: `keys here: ${(language.keysAt?.(parent, report.root) ?? keys).join(', ')}` };
}

function both(finding: Finding, text: string): Finding {
  return { ...finding, label: text, hint: text };
}

/** `<<` of YAML 1.1. Whatever else is said of the map may come from what it would have brought. */
function mergeKey(parent: KeyPath): Finding {
  return {
    code: 'TH1102',
    message: '`<<` does not merge maps: YAML 1.2 has no merge keys',
    hint: 'write the keys out, or use `*name` for the whole map',
    at: 'key',
    covers: parent.length === 0 ? ['<<'] : parent,
  };
}

/** `{a:1}` is one key without a value. */
function valueInKey(report: Report, path: KeyPath, keys: readonly string[]): string | undefined {
  const [, key] = /^([^:]+):./.exec(String(path.at(-1))) ?? [];
  const node = find(report.root, path)?.node;
  const isEmpty = node?.kind === 'scalar' && node.plain && node.text === '';
  return key !== undefined && isEmpty && keys.includes(key) ? `write a blank after \`${key}:\`` : undefined;
}

/** The one section that has this key, for a key that was indented too little or too far. */
function homeOf(key: string, root: Shape): string | undefined {
  const homes: KeyPath[] = [];
  const visit = (shape: Shape, path: KeyPath): void => {
    for (const [name, inner] of Object.entries(shape.keys ?? {})) {
      if (name === key) homes.push(path);
      visit(inner, [...path, name]);
    }
  };
  visit(root, []);
  const [only] = homes;
  return homes.length === 1 && only !== undefined && only.length > 0 ? formatPath(only) : undefined;
}
