import type { Diagnostic } from '../base/index.ts';
import { formatPath, interpret, isMap, type KeyPath, type ReadDocument, type Report } from '../manifest/index.ts';
import type { LayerName, Origin } from './config.ts';
import { configLanguage } from './language.ts';

/** One source of values: a file, a variable or a flag. */
export interface Part {
  readonly layer: Exclude<LayerName, 'default'>;
  readonly report: Report;
  /** What was found wrong with its text before there were values. */
  readonly diagnostics: readonly Diagnostic[];
  /** What it says, in the types of the schema where it follows the schema. */
  readonly input: unknown;
  /** What it sets as a whole instead of being merged. */
  readonly replaces?: KeyPath;
}

export function makePart(layer: Part['layer'], { report, diagnostics }: ReadDocument, replaces?: KeyPath): Part {
  const input = interpret(report.root, configLanguage.shape);
  return { layer, report, diagnostics, input, ...(replaces === undefined ? {} : { replaces }) };
}

export function originOf(part: Part, path: KeyPath): Origin {
  const { source } = part.report;
  const line = source.place(part.report.span(path, 'value').offset).line;
  const isFile = part.layer === 'file' || part.layer === 'drop-in';
  return { layer: part.layer, where: isFile ? `${source.file}:${line}` : source.file };
}

/** The part whose value holds at a path; undefined for a default. Later parts win, and a list belongs to one part. */
export function ownerOf(parts: readonly Part[], path: KeyPath): Part | undefined {
  const index = path.findIndex((step) => typeof step === 'number');
  const whole = index < 0 ? path : path.slice(0, index);
  const owner = parts.findLast(({ input, replaces }) => {
    const isReplaced = replaces !== undefined && formatPath(path.slice(0, replaces.length)) === formatPath(replaces);
    return isReplaced || valueAt(input, whole) !== undefined;
  });
  return owner !== undefined && valueAt(owner.input, path) !== undefined ? owner : undefined;
}

export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const step of path) {
    if (Array.isArray(value)) value = (value as unknown[])[Number(step)];
    else if (isMap(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}
