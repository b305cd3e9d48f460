import { visible } from '../base/index.ts';
import { formatPath, isMap, keyShape, type KeyPath, type Shape } from '../manifest/index.ts';
import type { Config, Origin, Origins } from './config.ts';
import { configLanguage } from './language.ts';
import { writeValue } from './write-value.ts';

interface Line {
  text: string;
  origin?: Origin | undefined;
}

/** All values as YAML, each with where it was set in a comment beside it. Reading the text gives the same configuration. */
export function printConfig(config: Config, origins: Origins): string {
  const lines = Array.from(linesOf(config, configLanguage.shape, [], '', origins));
  const width = Math.max(...lines.filter(({ origin }) => origin !== undefined).map(({ text }) => text.length));
  return lines
    .map(({ text, origin }) => (origin === undefined ? `${text}\n` : `${text.padEnd(width)}  # ${wordsOf(origin)}\n`))
    .join('');
}

function wordsOf({ layer, where }: Origin): string {
  return where === undefined ? layer : `${layer} ${visible(where)}`;
}

function* linesOf(
  map: object,
  shape: Shape | undefined,
  path: KeyPath,
  indent: string,
  origins: Origins,
): Generator<Line> {
  for (const [key, value] of Object.entries(map) as [string, unknown][]) {
    const inner = keyShape(shape, key);
    const at = [...path, key];
    if (isMap(value)) {
      yield { text: `${indent}${key}:` };
      yield* linesOf(value, inner, at, `${indent}  `, origins);
    } else if (Array.isArray(value) && value.some(isMap)) {
      yield { text: `${indent}${key}:` };
      for (const [i, item] of value.filter(isMap).entries()) {
        const below = Array.from(linesOf(item, inner?.items, [...at, i], `${indent}    `, origins));
        yield* below.map((line, n) => (n === 0 ? { ...line, text: `${indent}  - ${line.text.trimStart()}` } : line));
      }
    } else yield { text: `${indent}${key}: ${writeValue(value, inner)}`, origin: origins.get(formatPath(at)) };
  }
}
