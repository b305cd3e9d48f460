import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { missing } from '../words-of-keys.ts';

/** Which keys a section has beside `type`, for each type. */
export type TypedKeys = Readonly<Record<string, { needs: readonly string[]; may: readonly string[] }>>;

/** All keys that the section may have when it is of this type. */
export function keysOfType(table: TypedKeys, type: string): string[] | undefined {
  const keys = Object.hasOwn(table, type) ? table[type] : undefined;
  return keys === undefined ? undefined : ['type', ...keys.needs, ...keys.may];
}

/** Reports what is missing for the type, and what belongs to another one. `what`: `a mount`. */
export function checkTypedKeys(
  report: Report,
  path: KeyPath,
  section: Record<string, unknown>,
  table: TypedKeys,
  what: string,
  examples: Readonly<Record<string, unknown>>,
): void {
  const type = typeof section['type'] === 'string' ? section['type'] : '';
  const allowed = keysOfType(table, type);
  if (allowed === undefined) return;
  for (const key of table[type]?.needs ?? [])
    if (section[key] === undefined) report.add([...path, key], missing([...path, key], examples[key]));
  const all = new Set(Object.values(table).flatMap(({ needs, may }) => [...needs, ...may]));
  for (const key of all)
    if (section[key] !== undefined && !allowed.includes(key))
      report.add([...path, key], {
        code: 'TH1102',
        message: `unknown key \`${key}\` in ${what} of type ${type}`,
        hint: `remove it; keys here: ${allowed.join(', ')}`,
        at: 'key',
      });
}
