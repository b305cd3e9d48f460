import { keyShape } from './interpret.ts';
import type { Report } from './report.ts';
import type { Shape } from './shape.ts';
import { formatPath, type KeyPath } from './tree.ts';
import { example, quote } from './wording.ts';

/** Of keys that may be written as tags exactly one stands at a place: `{fifo: …}` or `{idle: …}`, never both. */
export function checkVariants(report: Report, value: unknown, shape: Shape | undefined, path: KeyPath = []): void {
  if (Array.isArray(value))
    value.forEach((item, i) => {
      checkVariants(report, item, shape?.items, [...path, i]);
    });
  else if (typeof value === 'object' && value !== null) {
    if (shape?.tags !== undefined) countVariants(report, Object.keys(value), shape.tags, shape, path);
    for (const [key, inner] of Object.entries(value))
      checkVariants(report, inner, keyShape(shape, key), [...path, key]);
  } else if (typeof value === 'string' && shape?.tags?.includes(value) === true && !isWord(shape, value))
    report.add(path, {
      code: 'TH1104',
      message: `${quote(value)} of ${quote(formatPath(path))} is missing its value`,
      hint: `write \`${written(shape, value)}\``,
    });
}

function countVariants(
  report: Report,
  keys: readonly string[],
  tags: readonly string[],
  shape: Shape,
  path: KeyPath,
): void {
  const [first, second] = keys.filter((key) => tags.includes(key));
  if (second !== undefined && first !== undefined)
    report.add([...path, second], {
      code: 'TH1306',
      message: `${quote(first)} and ${quote(second)} exclude each other`,
      hint: `keep one of them in ${quote(formatPath(path))}`,
      at: 'key',
      related: { path: [...path, first], at: 'key', label: 'first here' },
    });
  else if (keys.length === 0)
    report.add(path, {
      code: 'TH1104',
      message: `${quote(formatPath(path))} is empty`,
      hint: `write one of ${[...(shape.words ?? []), ...tags.map((tag) => `!${tag}`)].join(', ')}`,
    });
}

function isWord(shape: Shape, text: string): boolean {
  return shape.words?.includes(text) === true;
}

/** `!fifo {priority: 1}` */
function written(shape: Shape, tag: string): string {
  const value = keyShape(shape, tag)?.example;
  return example(`!${tag}`, value).replace(/^(![^:]+): /, '$1 ');
}
