import type { Reading } from '../quantities/index.ts';

/** Careful access to values whose shape may be wrong: rules run on every part that is sound, beside broken ones. */
export function mapAt(value: unknown, ...path: string[]): Record<string, unknown> | undefined {
  let current = value;
  for (const step of path) {
    if (!isMap(current) || !Object.hasOwn(current, step)) return undefined;
    current = current[step];
  }
  return isMap(current) ? current : undefined;
}

export function textAt(map: Record<string, unknown> | undefined, key: string): string | undefined {
  const value = map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function listAt(map: Record<string, unknown> | undefined, key: string): readonly unknown[] {
  const value = map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
  return Array.isArray(value) ? value : [];
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The number that a quantity stands for, where it can be read. */
export function numberOf(value: unknown, read: (written: string | number) => Reading): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const reading = read(value);
  return 'value' in reading ? reading.value : undefined;
}

export function bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
