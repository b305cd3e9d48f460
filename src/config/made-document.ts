import type { Source } from '../manifest/index.ts';
import { Report, type KeyPath, type ReadDocument, type TreeNode } from '../manifest/index.ts';

/** A document that holds one value at a path and nothing else: what a variable or a flag says. Every key stands where the value stands. */
export function madeDocument(source: Source, path: KeyPath, value: TreeNode): ReadDocument {
  const span = { offset: 0, length: Math.max(1, source.text.length) };
  const root = path.reduceRight<TreeNode>(
    (inner, step) =>
      typeof step === 'number'
        ? { kind: 'list', items: [inner], block: false, span }
        : { kind: 'map', entries: new Map([[step, { key: span, value: inner }]]), block: false, span },
    value,
  );
  return { report: new Report(source, root), diagnostics: [] };
}

export function scalar(text: string, plain: boolean, offset = 0): TreeNode {
  return { kind: 'scalar', text, plain, span: { offset, length: text.length } };
}
