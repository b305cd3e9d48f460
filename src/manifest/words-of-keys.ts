import { entryAt, type Language } from './language.ts';
import type { Finding } from './report.ts';
import type { Shape } from './shape.ts';
import { formatPath, type KeyPath, type TreeNode } from './tree.ts';
import { example, quote } from './wording.ts';

const QUANTITIES: Readonly<Record<string, string>> = {
  size: 'a size',
  memory_limit: 'a size',
  rate: 'a rate',
  duration: 'a duration',
  cpu_time: 'a CPU time',
  cpu_quota: 'a CPU amount',
  share: 'a share',
  count_limit: 'a count',
  restart_count: 'a count',
  rlimit_value: 'a number or `unlimited`',
  bytes: 'a size',
  bytes_limit: 'a size or `unlimited`',
  number_limit: 'a number or `unlimited`',
  duration_limit: 'a duration or `unlimited`',
  file_mode: 'a file mode',
  u64: 'a whole number of 64 bits',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
  object: 'a map',
  array: 'a list',
};

/** `restart policy` for `restart`; a plain word where nothing better is known. */
export function noun(language: Language, path: KeyPath): string {
  return entryAt(language.nouns, path) ?? `value of \`${formatPath(path)}\``;
}

/** `a map of target to mount` for `mounts`. */
export function expectation(language: Language, path: KeyPath, shape: Shape | undefined): string {
  const special = entryAt(language.expected, path);
  if (special !== undefined) return special;
  if (shape?.quantity !== undefined) return QUANTITIES[shape.quantity] ?? 'a quantity';
  return (shape?.types ?? []).map((type) => TYPES[type] ?? type).join(' or ');
}

/** What stands in the file, for a person. */
export function found(node: TreeNode | undefined): string {
  if (node === undefined) return 'empty';
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map';
  if (node.plain && /^(|~|null|Null|NULL)$/.test(node.text)) return 'empty';
  return node.plain ? quote(node.text) : `the text ${quote(node.text)}`;
}

/** The finding about a mandatory key that is not there. */
export function missing(path: KeyPath, value: unknown, known?: Language['missing'][string]): Finding {
  const key = String(path.at(-1));
  const message = `\`${formatPath(path)}\` is missing`;
  const extra = known ?? { hint: `add \`${example(key, value ?? '…')}\`` };
  return { code: 'TH1104', message, ...extra, at: 'key' };
}
