import type { Shape, Validator } from './shape.ts';
import type { KeyPath, TreeNode } from './tree.ts';

/** Tables are keyed by path: `cgroups.memory.memory_hard_limit`, with `*` for any name or index (`mounts.*.type`). */
type ByPath<T> = Readonly<Record<string, T>>;

/** What a version knows and cannot execute: refused with TH1107, never ignored and never called unknown. */
export interface Unsupported {
  keys: readonly string[];
  /** Values that are refused in the same way, by the key they stand at. */
  values: ByPath<readonly string[]>;
  /** Keys whose value decides which keys may stand beside them, so that a refused value covers those too. */
  variants: readonly string[];
}

/** What others call a thing, and what it is here. */
export interface ForeignWords {
  /** Who they are: `Compose`. */
  from: string;
  words: Readonly<Record<string, string>>;
}

/** A language that documents are written in: its schema, and the words in which its readers explain a fault. */
export interface Language {
  /** What a document is called: `manifest`. */
  document: string;
  /** What to do instead of several documents in one file. */
  oneDocument: string;
  /** What to do about a file that is too large. */
  tooLarge: string;
  shape: Shape;
  validate: Validator;
  unsupported: Unsupported;
  /** What a value at a key is called: `restart policy`. */
  nouns: ByPath<string>;
  /** What is expected at a key, where the type alone would not say it. */
  expected: ByPath<string>;
  /** What is said of a mandatory key that is not there. */
  missing: ByPath<{ label: string; hint: string }>;
  /** Words that people bring along, and what to write here. */
  foreign: { keys: readonly ForeignWords[]; values: ByPath<readonly ForeignWords[]> };
  /** The keys that may stand in a map, where its `type` decides. */
  keysAt?: (path: KeyPath, root: TreeNode) => readonly string[] | undefined;
}

/** The entry for a path: one that names it wins over one with `*`. */
export function entryAt<T>(table: ByPath<T>, path: KeyPath): T | undefined {
  const exact = path.join('.');
  if (Object.hasOwn(table, exact)) return table[exact];
  return Object.entries(table).find(([pattern]) => matches(pattern, path))?.[1];
}

/** Whether a path is one that a pattern stands for. */
export function matches(pattern: string, path: KeyPath): boolean {
  const steps = pattern === '' ? [] : pattern.split('.');
  return steps.length === path.length && steps.every((step, i) => step === '*' || step === path[i]);
}
