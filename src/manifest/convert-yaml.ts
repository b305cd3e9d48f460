import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Diagnostic } from '../base/index.ts';
import type { Source } from './source.ts';
import { formatPath, type KeyPath, type Span, type Tag, type TreeNode } from './tree.ts';
import { quote } from './wording.ts';
import { textDiagnostic } from './yaml-errors.ts';

/** Levels of maps and lists. */
export const MAX_DEPTH = 64;
const MAX_EXPANSIONS = 100;
/** Columns in which what is indented is looked for. */
const MAX_INDENT = 4096;
const MAX_NODES = 200_000;

const YAML_TAG = /^tag:yaml\.org,2002:/;
/** Tags that say what is so without them. `!!str` turns a number into text. */
const STANDARD_TAG = /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/;

/** `tagged`: some nodes have a tag. */
export type Converted =
  { root: TreeNode | undefined; tagged: boolean; diagnostics: Diagnostic[] } | { fatal: Diagnostic };

/** The refusal of a document that no manifest needs to be. `span`: where the level too many begins, or the blanks before it. */
export function tooDeep(source: Source, span: Span): Diagnostic {
  const message = `cannot read this as YAML: it is nested deeper than ${MAX_DEPTH} levels`;
  const offset = span.offset + source.text.slice(span.offset, span.offset + MAX_INDENT).search(/[^ \n]|$/);
  const hint = 'close the brackets that are open here, or indent this line less';
  return textDiagnostic(source, 'TH1001', message, { offset, length: 1 }, { hint });
}

interface Entry {
  key: Span;
  value: TreeNode;
}

/** Stops the conversion; the diagnostic says why. */
class Stop extends Error {
  readonly diagnostic: Diagnostic;
  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

/** Turns a document of the YAML library into a tree: aliases expanded within bounds, equal keys noted. */
export function convert(source: Source, contents: ParsedNode | null, document: string): Converted {
  return new Converter(source, document).convert(contents);
}

class Converter {
  readonly #source: Source;
  readonly #document: string;
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #diagnostics: Diagnostic[] = [];
  /** Collections that are being converted: an alias to one of them has no end. */
  readonly #open = new Set<ParsedNode>();
  /** The alias that is being expanded, the outermost one: that is the one to be written out. */
  #alias: Span | undefined;
  #expansions = 0;
  #nodes = 0;
  #tagged = false;

  constructor(source: Source, document: string) {
    this.#source = source;
    this.#document = document;
  }

  convert(contents: ParsedNode | null): Converted {
    try {
      const empty =
        contents === null ||
        (isScalar(contents) && contents.type === 'PLAIN' && /^(~|null)?$/i.test(String(contents.value)));
      const root = empty ? undefined : this.#node(contents, []);
      return { root, tagged: this.#tagged, diagnostics: this.#diagnostics };
    } catch (error) {
      if (error instanceof Stop) return { fatal: error.diagnostic };
      throw error;
    }
  }

  #node(node: ParsedNode, path: KeyPath): TreeNode {
    const span = spanOf(node);
    if (path.length > MAX_DEPTH) throw new Stop(tooDeep(this.#source, span));
    if (isAlias(node)) {
      const target = this.#expand(node.source, span);
      if (this.#open.has(target)) throw new Stop(this.#tooFar(node.source, span));
      const outermost = this.#alias === undefined;
      this.#alias ??= span;
      const result = this.#node(target, path);
      if (outermost) this.#alias = undefined;
      return result;
    }
    if (++this.#nodes > MAX_NODES) throw new Stop(this.#tooFar('…', span));
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    const tag = this.#tag(node, span);
    if (isScalar(node)) {
      const isText = node.tag === '!' || node.tag === 'tag:yaml.org,2002:str';
      return { kind: 'scalar', text: String(node.value), plain: node.type === 'PLAIN' && !isText, span, ...tag };
    }
    this.#open.add(node);
    const result: TreeNode = isSeq(node)
      ? {
          kind: 'list',
          items: node.items.map((item, i) => this.#node(item, [...path, i])),
          block: node.flow !== true,
          span,
          ...tag,
        }
      : { ...this.#map(node, path, span), ...tag };
    this.#open.delete(node);
    return result;
  }

  /** The tag of a node stands before it, perhaps with an anchor in between. */
  #tag(node: ParsedNode, span: Span): { tag?: Tag } {
    if (node.tag === undefined || STANDARD_TAG.test(node.tag)) return {};
    this.#tagged = true;
    const name = node.tag.replace(YAML_TAG, '!!').replace(/^!(?!!)/, '');
    const start = this.#source.text.lastIndexOf('!', span.offset - 1);
    const written = /^![^\s,[\]{}]*/.exec(this.#source.text.slice(Math.max(start, 0), span.offset))?.[0] ?? '';
    return { tag: { name, span: { offset: Math.max(start, 0), length: Math.max(written.length, 1) } } };
  }

  #map(node: ParsedNode, path: KeyPath, span: Span): TreeNode {
    const entries = new Map<string, Entry>();
    const pairs = isMap(node) ? node.items : [];
    for (const pair of pairs) {
      const key = spanOf(pair.key);
      const name = this.#keyName(pair.key, path, key);
      if (name === undefined) continue;
      const first = entries.get(name);
      const after = { offset: key.offset + key.length, length: 0 };
      const value: TreeNode =
        pair.value === null
          ? { kind: 'scalar', text: '', plain: true, span: after }
          : this.#node(pair.value, [...path, name]);
      if (first === undefined) entries.set(name, { key, value });
      else this.#duplicate(name, [...path, name], first, { key, value });
    }
    return { kind: 'map', entries, block: isMap(node) && node.flow !== true, span };
  }

  #keyName(node: ParsedNode, path: KeyPath, span: Span): string | undefined {
    const key = isAlias(node) ? this.#expand(node.source, span) : node;
    if (isScalar(key)) {
      if (key.anchor !== undefined) this.#anchors.set(key.anchor, key);
      return String(key.value);
    }
    const message = `a key in ${formatPath(path) || `the ${this.#document}`} is a ${isSeq(key) ? 'list' : 'map'}, expected text`;
    const at = this.#source.firstLine(span);
    const hint = 'write `key: value`, and quote a key that begins with `[` or `{`';
    this.#diagnostics.push(textDiagnostic(this.#source, 'TH1101', message, at, { hint, path: formatPath(path) }));
    return undefined;
  }

  #duplicate(name: string, path: KeyPath, first: Entry, second: Entry): void {
    const place = this.#source.firstLine(first.key);
    const related = { ...this.#source.place(place.offset), length: place.length };
    const { kind } = first.value;
    const alike = kind !== 'scalar' && second.value.kind === kind;
    this.#diagnostics.push(
      textDiagnostic(this.#source, 'TH1006', `key ${quote(name)} appears twice`, this.#source.firstLine(second.key), {
        hint: alike ? `merge both ${kind}s under one ${quote(name)}` : `keep one ${quote(name)}`,
        path: formatPath(path),
        related: { ...related, label: 'first here' },
      }),
    );
  }

  #expand(name: string, span: Span): ParsedNode {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      const message = `cannot read this as YAML: no anchor \`&${name}\` stands before the alias \`*${name}\``;
      throw new Stop(
        textDiagnostic(this.#source, 'TH1001', message, span, { hint: 'quote the value if the `*` belongs to it' }),
      );
    }
    if (++this.#expansions > MAX_EXPANSIONS) throw new Stop(this.#tooFar(name, span));
    return target;
  }

  #tooFar(name: string, inner: Span): Diagnostic {
    const span = this.#alias ?? inner;
    const alias = this.#source.text.slice(span.offset, span.offset + span.length);
    const message = `alias ${quote(alias.startsWith('*') ? alias : `*${name}`)} expands too far`;
    return textDiagnostic(this.#source, 'TH1005', message, span, {
      hint: 'write the value out',
      label: `at most ${MAX_EXPANSIONS} expansions in one file`,
    });
  }
}

function spanOf(node: ParsedNode): Span {
  const [start, end] = node.range;
  return { offset: start, length: end - start };
}
