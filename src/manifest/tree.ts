/** A place in the text: offsets count UTF-16 units. */
export interface Span {
  offset: number;
  length: number;
}

export type KeyPath = readonly (string | number)[];

/** A local tag of YAML in front of a value: `fifo` for `!fifo {priority: 1}`. */
export interface Tag {
  name: string;
  span: Span;
}

export interface ScalarNode {
  kind: 'scalar';
  /** The text as written, without quotes. Its type is decided later, by what the schema expects at this place. */
  text: string;
  /** False for quoted and block scalars, which are always strings. */
  plain: boolean;
  span: Span;
  tag?: Tag;
}

export interface MapNode {
  kind: 'map';
  entries: Map<string, { key: Span; value: TreeNode }>;
  block: boolean;
  span: Span;
  tag?: Tag;
}

export interface ListNode {
  kind: 'list';
  items: TreeNode[];
  block: boolean;
  span: Span;
  tag?: Tag;
}

/** A YAML document without anchors, aliases and types, but with places. */
export type TreeNode = ScalarNode | MapNode | ListNode;

/** What stands at a path: the key that leads there and the value. */
export interface Found {
  key: Span | undefined;
  node: TreeNode;
}

/** Finds what stands at a path, or undefined. */
export function find(root: TreeNode, path: KeyPath): Found | undefined {
  let found: Found = { key: undefined, node: root };
  for (const step of path) {
    const next = child(found.node, step);
    if (next === undefined) return undefined;
    found = next;
  }
  return found;
}

/** Finds what stands at a path, or the nearest enclosing thing that exists. */
export function findNearest(root: TreeNode, path: KeyPath): Found {
  let found: Found = { key: undefined, node: root };
  for (const step of path) {
    const next = child(found.node, step);
    if (next === undefined) break;
    found = next;
  }
  return found;
}

function child(node: TreeNode, step: string | number): Found | undefined {
  if (node.kind === 'map') {
    const entry = node.entries.get(String(step));
    return entry === undefined ? undefined : { key: entry.key, node: entry.value };
  }
  const item = node.kind === 'list' ? node.items[Number(step)] : undefined;
  return item === undefined ? undefined : { key: undefined, node: item };
}

/** `cgroups.memory`, `mounts./data`, `args[1]`. */
export function formatPath(path: KeyPath): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}
