import type { Code, Diagnostic } from '../base/index.ts';
import type { Source } from './source.ts';
import { findNearest, formatPath, type KeyPath, type Span, type TreeNode } from './tree.ts';

export interface Finding {
  code: Code;
  message: string;
  hint?: string;
  /** Stands beside the underline. */
  label?: string;
  severity?: 'error' | 'warning';
  /** Point at the key instead of the value. */
  at?: 'key' | 'value';
  /** Point here instead of at what stands at the path: at a tag, say. */
  place?: Span;
  /** A second place: a path, and the text beside its underline (empty: the line is only shown). */
  related?: { path: KeyPath; at?: 'key' | 'value'; label: string };
  /** Everything below this path is noise beside this finding. */
  covers?: KeyPath;
  /** The key that this one stands for, and that is not there under its own name: that it is missing is noise, too. */
  stands?: KeyPath;
  /** A key whose absence is all that is wrong: nothing is where another key stands for it. */
  without?: KeyPath;
}

/** Collects findings about one document and turns paths into places. */
export class Report {
  readonly source: Source;
  readonly root: TreeNode;
  readonly #found: { path: KeyPath; without: KeyPath | undefined; diagnostic: Diagnostic }[] = [];
  /** Paths below which everything is noise, as text, and the finding that says so. */
  readonly #covered = new Map<string, Diagnostic>();

  constructor(source: Source, root: TreeNode) {
    this.source = source;
    this.root = root;
  }

  add(path: KeyPath, finding: Finding): void {
    const span = finding.place ?? this.span(path, finding.at ?? 'value');
    const diagnostic: Diagnostic = {
      code: finding.code,
      severity: finding.severity ?? 'error',
      message: finding.message,
      file: this.source.file,
      ...this.source.place(span.offset),
      length: span.length,
      path: formatPath(path),
    };
    if (finding.hint !== undefined) diagnostic.hint = finding.hint;
    if (finding.label !== undefined) diagnostic.label = finding.label;
    if (finding.related !== undefined) {
      const other = this.span(finding.related.path, finding.related.at ?? 'value');
      diagnostic.related = {
        ...this.source.place(other.offset),
        length: other.length,
        label: finding.related.label,
      };
    }
    this.#found.push({ path, without: finding.without, diagnostic });
    for (const path of [finding.covers, finding.stands])
      if (path !== undefined) this.#covered.set(JSON.stringify(path), diagnostic);
  }

  /** Where a path stands: the key of a block map or list, else the first line of the value. */
  span(path: KeyPath, at: 'key' | 'value'): Span {
    const { key, node } = findNearest(this.root, path);
    const block = node.kind !== 'scalar' && node.block;
    if (key !== undefined && (at === 'key' || block || node.span.length === 0)) return this.source.firstLine(key);
    if (key === undefined && block) return { offset: node.span.offset, length: 1 };
    return this.source.firstLine(node.span);
  }

  #isCovered(path: KeyPath, diagnostic: Diagnostic): boolean {
    for (let length = 1; length <= path.length; length++) {
      const by = this.#covered.get(JSON.stringify(path.slice(0, length)));
      if (by !== undefined && by !== diagnostic) return true;
    }
    return false;
  }

  /** Errors first by place, then warnings by place; one for each path and place, the first that was added. */
  sorted(): Diagnostic[] {
    const seen = new Set<string>();
    return this.#found
      .filter(({ path, without, diagnostic }) => {
        if (this.#isCovered(path, diagnostic)) return false;
        if (without !== undefined && this.#isCovered(without, diagnostic)) return false;
        const { severity, line, column } = diagnostic;
        const once = `${severity} ${line}:${column} ${JSON.stringify(path)}`;
        return seen.has(once) ? false : seen.add(once);
      })
      .map(({ diagnostic }) => diagnostic)
      .sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
  }
}

function rank(diagnostic: Diagnostic): number {
  return diagnostic.severity === 'error' ? 0 : 1;
}
