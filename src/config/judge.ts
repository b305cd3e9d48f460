import { systemPlaces, type Diagnostic, type Places } from '../base/index.ts';
import {
  checkNul,
  checkQuantities,
  checkRanges,
  checkShape,
  formatPath,
  inOrder,
  isMap,
  type KeyPath,
} from '../manifest/index.ts';
import { checkAcross } from './check-across.ts';
import type { ConfigResult, Origin, Texts } from './config.ts';
import { configLanguage } from './language.ts';
import { merge, withDefaults } from './merge.ts';
import { normalise } from './normalise.ts';
import { originOf, ownerOf, type Part } from './part.ts';
import { checkValues } from './rules.ts';

/** Checks the parts, each alone and then together, and makes one configuration of them. */
export function judge(
  parts: readonly Part[],
  found: readonly Diagnostic[],
  texts: Texts,
  places: Places = systemPlaces,
): ConfigResult {
  for (const part of parts) checkPart(part);
  const values = withDefaults(merge(parts), places);
  checkAcross(parts, values);
  const all = parts.map(({ report, diagnostics }) => [...diagnostics, ...report.sorted()]);
  const diagnostics = [found, ...all].flatMap((list) => inOrder(list)).sort(bySeverity);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics, texts };
  const config = normalise(values);
  const origins = new Map<string, Origin>();
  note(config, [], (path) => {
    const owner = ownerOf(parts, path);
    origins.set(formatPath(path), owner === undefined ? { layer: 'default' } : originOf(owner, path));
  });
  return { ok: true, config, origins, diagnostics, texts };
}

function checkPart({ report, input }: Part): void {
  checkQuantities(report, input, configLanguage.shape);
  if (isMap(input)) {
    checkNul(report, input);
    checkValues(report, input);
  }
  // After the rules, which can say more of the same value: of two findings at one place the first stays.
  checkRanges(report, input, configLanguage.shape);
  checkShape(report, input, configLanguage);
}

function bySeverity(a: Diagnostic, b: Diagnostic): number {
  return Number(a.severity === 'warning') - Number(b.severity === 'warning');
}

/** Visits every single value; a list of words is one. */
function note(value: unknown, path: KeyPath, visit: (path: KeyPath) => void): void {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object'))
    value.forEach((item, i) => {
      note(item, [...path, i], visit);
    });
  else if (isMap(value)) for (const [key, inner] of Object.entries(value)) note(inner, [...path, key], visit);
  else visit(path);
}
