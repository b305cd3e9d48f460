import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isUnsupportedKey } from '../../../src/manifest/index.ts';
import { unsupported as ofConfig } from '../../../src/config/unsupported.ts';
import { unsupportedKeys } from '../../../src/manifest/unsupported.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { explanations, places, type Explanation } from '../../../src/explain/index.ts';
import { transitions } from '../../../src/runtime/index.ts';

const root = join(import.meta.dirname, '../../..');
const all = explanations();

function exampleText({ example }: Explanation): readonly string[] {
  if (example === undefined) return [];
  if (example.type === 'session') return example.text;
  if (example.type !== 'folder') return [...example.bad, ...example.good];
  return [example.bad, example.good].flatMap((files) => Object.values(files).flat());
}

const sentencesOf = (one: Explanation): readonly string[] => [one.summary, ...one.causes, ...one.fixes];
const textOf = (one: Explanation): string => [...sentencesOf(one), ...exampleText(one)].join('\n');

describe('the texts', () => {
  test('keep to our words', () => {
    const forbidden =
      /\b(invalid|failed to|fails to|service|workload|unit of work|abort\w*|please note|simply|just)\b/i;
    for (const one of all)
      for (const text of sentencesOf(one))
        assert.doesNotMatch(text.replaceAll(/`[^`]*`/g, ''), forbidden, `${one.name}: ${text}`);
  });

  test('are whole sentences, and quote what can be typed in pairs of backticks', () => {
    for (const one of all)
      for (const text of sentencesOf(one)) {
        assert.match(text, /[.?)]$/, `${one.name}: ${text}`);
        assert.equal((text.match(/`/g) ?? []).length % 2, 0, `${one.name}: ${text}`);
      }
  });

  test('have for every code a place to look', () => {
    const digits = places.map(({ digit }) => digit);
    for (const one of all) if (one.kind === 'code') assert.ok(digits.includes(one.code.charAt(2)), one.code);
  });
});

describe('the words', () => {
  interface Enum {
    enum?: (string | null)[];
    properties?: Record<string, Enum>;
  }
  const { components } = JSON.parse(readFileSync(join(root, 'schemas/console.openapi.json'), 'utf8')) as {
    components: { schemas: Record<string, Enum> };
  };
  const enumOf = (schema: string, key: string): string[] =>
    (components.schemas[schema]?.properties?.[key]?.enum ?? []).filter((word) => word !== null);
  const named = (kind: string): string[] =>
    all.filter((one) => one.kind === 'word' && one.is.some((is) => is === kind)).map(({ name }) => name);

  test('are the states and the exit reasons that the console tells', () => {
    assert.deepEqual(named('state').sort(), enumOf('ContainerSummary', 'state').sort());
    assert.deepEqual(named('state').sort(), [...Object.keys(transitions), 'rejected'].sort());
    assert.deepEqual(named('exit reason').sort(), enumOf('Exit', 'reason').sort());
  });
});

describe('what the texts say to type', () => {
  const program = buildProgram(undefined, () => undefined);

  test('are commands and flags that there are', () => {
    for (const one of all)
      for (const [, line = ''] of textOf(one).matchAll(/(?:`|\$ |sudo |; |\| )thuban ([a-z][^`;|\n]*)/g)) {
        const [first = '', second = ''] = line.split(' ');
        const found = program.commands.find((command) => command.name() === first || command.aliases().includes(first));
        if (found === undefined && TYPED_WRONG.has(first)) continue;
        assert.ok(found !== undefined, `${one.name}: thuban ${line}`);
        const command = found.commands.find((member) => member.name() === second) ?? found;
        for (const [flag] of line.matchAll(/(?<= )-{1,2}[a-z][a-z-]*/g))
          assert.ok(
            command.options.some(({ short, long }) => flag === short || flag === long),
            `${one.name}: thuban ${line}`,
          );
      }
  });

  test('are keys that the manifest or the configuration has, and that this version carries out', () => {
    const [manifest, config] = ['manifest', 'config'].map((name) => read(`schemas/${name}.schema.json`));
    const isThere = (schema: Schema | undefined, path: string[]): boolean =>
      schema !== undefined && has(schema, schema, path);
    for (const one of all)
      for (const [, key = ''] of sentencesOf(one)
        .join(' ')
        .matchAll(/`([a-z_]+(?:\.[A-Za-z_]+)+)`/g)) {
        if (NO_KEYS.has(key)) continue;
        const path = key.split('.');
        const isCarriedOut =
          (isThere(manifest, path) && !unsupportedKeys.includes(key)) ||
          (isThere(config, path) && !isUnsupportedKey(ofConfig, path));
        assert.ok(isCarriedOut, `${one.name}: ${key}`);
      }
  });
});

/** What an example shows somebody type wrong. */
const TYPED_WRONG: ReadonlySet<string> = new Set(['strat']);

/** A setting of the kernel. */
const NO_KEYS: ReadonlySet<string> = new Set(['vm.memfd_noexec']);

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  definitions?: Record<string, Schema>;
}

function read(path: string): Schema {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as Schema;
}

/** Whether a path of keys leads somewhere; a step in capitals, `repositories.ID.keys`, is any name. */
function has(schema: Schema, top: Schema, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  const target = schema.$ref === undefined ? schema : (top.definitions?.[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  const own = target.properties?.[step] ?? (step === step.toUpperCase() ? target.additionalProperties : undefined);
  if (typeof own === 'object' && has(own, top, rest)) return true;
  return [...(target.anyOf ?? []), ...(target.oneOf ?? []), ...(target.allOf ?? [])].some((one) =>
    has(one, top, [step, ...rest]),
  );
}
