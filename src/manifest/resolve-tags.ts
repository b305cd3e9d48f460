import { suggest } from '../base/index.ts';
import { keyShape } from './interpret.ts';
import type { Language } from './language.ts';
import type { Finding } from './report.ts';
import type { Shape } from './shape.ts';
import type { KeyPath, Tag, TreeNode } from './tree.ts';
import { quote } from './wording.ts';

/** A document without tags, and what is wrong with those that it had. */
export interface Untagged {
  root: TreeNode;
  findings: { path: KeyPath; finding: Finding }[];
}

/**
 * `!fifo {priority: 1}` is another way to write `{fifo: {priority: 1}}` where the schema lists `fifo` in `x-tags`, and `!idle` one to write
 * the word `idle`: as in Northstar's manifests, whose JSON form has the maps. Everywhere else a tag means nothing and is reported.
 */
export function resolveTags(root: TreeNode, language: Language): Untagged {
  const findings: Untagged['findings'] = [];
  const visit = (node: TreeNode, shape: Shape | undefined, path: KeyPath): TreeNode => {
    const { tag } = node;
    if (tag === undefined) return inside(node, shape, path);
    if (shape?.words?.includes(tag.name) === true && isEmpty(node))
      return { kind: 'scalar', text: tag.name, plain: true, span: tag.span };
    if (shape?.tags?.includes(tag.name) === true) {
      const value = visit(without(node), keyShape(shape, tag.name), [...path, tag.name]);
      const end = node.span.offset + node.span.length;
      const span = { offset: tag.span.offset, length: Math.max(tag.span.length, end - tag.span.offset) };
      return { kind: 'map', entries: new Map([[tag.name, { key: tag.span, value }]]), block: false, span };
    }
    findings.push({ path, finding: { ...unknownTag(tag, shape, language), place: tag.span, covers: path } });
    return inside(without(node), shape, path);
  };
  const inside = (node: TreeNode, shape: Shape | undefined, path: KeyPath): TreeNode => {
    if (node.kind === 'list')
      return { ...node, items: node.items.map((item, i) => visit(item, shape?.items, [...path, i])) };
    if (node.kind === 'scalar') return node;
    const entries = new Map(
      Array.from(node.entries, ([key, entry]) => [
        key,
        { ...entry, value: visit(entry.value, keyShape(shape, key), [...path, key]) },
      ]),
    );
    return { ...node, entries };
  };
  return { root: visit(root, language.shape, []), findings };
}

function without(node: TreeNode): TreeNode {
  const { tag: _tag, ...rest } = node;
  return rest;
}

function isEmpty(node: TreeNode): boolean {
  return node.kind === 'scalar' && node.plain && /^(~|null)?$/.test(node.text);
}

function unknownTag(tag: Tag, shape: Shape | undefined, language: Language): Finding {
  const known = shape?.tags ?? [];
  const written = quote(tag.name.startsWith('!') ? tag.name : `!${tag.name}`);
  const finding: Finding = { code: 'TH1103', message: `${written} is not a tag of the ${language.document}` };
  if (known.length === 0) return { ...finding, hint: `remove ${written}; nothing here has tags` };
  const meant = suggest(tag.name, known);
  const list = `tags here: ${known.map((name) => `!${name}`).join(', ')}`;
  return meant === undefined
    ? { ...finding, hint: list }
    : { ...finding, label: `did you mean \`!${meant}\`?`, hint: `did you mean \`!${meant}\`? ${list}` };
}
