import { readQuantity } from './check-quantities.ts';
import { keyShape } from './interpret.ts';
import type { Report } from './report.ts';
import type { Shape } from './shape.ts';
import { formatPath, type KeyPath } from './tree.ts';
import { quote } from './wording.ts';

/** Compares every number and quantity with the range that the schema gives for it. */
export function checkRanges(report: Report, value: unknown, shape: Shape | undefined, path: KeyPath = []): void {
  if (typeof value === 'string' || typeof value === 'number') {
    if (shape?.range !== undefined) compare(report, value, shape, shape.range, path);
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => {
      checkRanges(report, item, shape?.items, [...path, i]);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) checkRanges(report, inner, keyShape(shape, key), [...path, key]);
  }
}

type Written = string | number;

function compare(
  report: Report,
  written: Written,
  shape: Shape,
  [least, most]: readonly [Written, Written?],
  path: KeyPath,
): void {
  const number = numberOf(written, shape);
  const min = numberOf(least, shape);
  const max = most === undefined ? Infinity : numberOf(most, shape);
  // `unlimited` is beyond every range, and allowed where it can be read.
  if (number === undefined || min === undefined || max === undefined || number === Infinity) return;
  if (number >= min && number <= max) return;
  const low = writtenAs(shape, least);
  const high = most === undefined ? undefined : writtenAs(shape, most);
  report.add(path, {
    code: 'TH1205',
    message: `${quote(formatPath(path))} is ${writtenAs(shape, written)}, allowed ${low} ${high === undefined ? 'and more' : `to ${high}`}`,
    hint: `write \`${String(path.at(-1))}: ${number < min ? low : high}\``,
  });
}

function numberOf(written: Written, shape: Shape): number | undefined {
  const reading = shape.quantity === undefined ? undefined : readQuantity(shape.quantity, written);
  if (reading === undefined) return typeof written === 'number' ? written : undefined;
  return 'value' in reading ? reading.value : undefined;
}

function writtenAs(shape: Shape, value: Written): string {
  return shape.quantity === 'file_mode' && typeof value === 'number' ? octal(value) : String(value);
}

/** `0o660`: how file modes are written. */
export function octal(mode: number): string {
  return `0o${mode.toString(8).padStart(3, '0')}`;
}
