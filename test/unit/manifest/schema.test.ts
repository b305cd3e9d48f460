import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

interface Node {
  description?: string;
  examples?: unknown[];
  $ref?: string;
  type?: string | string[];
  default?: unknown;
  defaultSnippets?: { label: string; body: unknown }[];
  'x-tags'?: string[];
  'x-words'?: string[];
  pattern?: string;
  minimum?: number;
  'x-range'?: unknown[];
  'x-kernel-range'?: unknown[];
  additionalProperties?: boolean | Node;
  properties?: Record<string, Node>;
  items?: Node;
}

const schema = JSON.parse(readFileSync('schemas/manifest.schema.json', 'utf8')) as Node & {
  definitions: Record<string, Node>;
};

/** Every property with its path. */
function* properties(node: Node, path = ''): Generator<[string, Node]> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    yield [`${path}${key}`, inner];
    yield* properties(inner, `${path}${key}.`);
  }
  for (const inner of [node.items, node.additionalProperties])
    if (typeof inner === 'object') {
      yield [`${path}*`, inner];
      yield* properties(inner, `${path}*.`);
    }
}

const nameOf = (node: Node): string | undefined => node.$ref?.replace('#/definitions/', '');
const full = (node: Node): Node => ({ ...schema.definitions[nameOf(node) ?? ''], ...node });
const isNumber = (node: Node): boolean =>
  [full(node).type].flat().some((type) => type === 'integer' || type === 'number');

describe('the schema', () => {
  const shared = Object.entries(schema.definitions).flatMap(([name, node]) => [...properties(node, `${name}.`)]);
  const all = [...properties(schema), ...shared];

  it('explains every property with an example', () => {
    for (const [path, node] of all) {
      assert.ok((node.description ?? '').length > 5, `${path} has no description`);
      assert.ok((node.examples ?? []).length > 0, `${path} has no example`);
    }
  });

  it('says for every named property what holds without it', () => {
    for (const [path, node] of all)
      if (!path.endsWith('*')) assert.match(node.description ?? '', /Default: |Mandatory/, path);
  });

  it('names the unit of every number', () => {
    for (const [path, node] of all) {
      if (!isNumber(node)) continue;
      if (/(^|\.)(uid|gid|major|minor)$|mounts.*size/.test(path)) continue;
      assert.match(node.description ?? '', /Unit: /, path);
    }
  });

  it('states the range of every number, or where it begins', () => {
    for (const [path, node] of all) {
      if (!isNumber(node)) continue;
      const { minimum, 'x-range': range, 'x-kernel-range': kernel } = full(node);
      const stated = [minimum === undefined ? undefined : [minimum], range, kernel].filter((one) => one !== undefined);
      assert.equal(stated.length, 1, `${path} has ${stated.length} ranges`);
      assert.ok([1, 2].includes(stated[0]?.length ?? 0), path);
    }
  });

  it('is written as an editor shows it well', () => {
    for (const [path, node] of all) {
      // yaml-language-server shows none of them beside a key, and completes the name of a map to all keys that have one.
      assert.equal(node.default, undefined, `${path}: write \`Default: …\` in the description`);
      // A map is offered as `[object Object]` where a word is about to be written; a snippet has a name.
      const types = [full(node).type].flat();
      if (!types.includes('string') || !types.includes('object')) continue;
      const maps = (node.examples ?? []).filter((example) => typeof example === 'object');
      assert.deepEqual(maps, [], `${path}: a map belongs into defaultSnippets`);
      assert.ok((node.defaultSnippets ?? []).length > 0, `${path} has no snippet`);
    }
  });

  it('allows no other keys in any section, but where an editor does not see the tag', () => {
    for (const [path, node] of all)
      if (node.properties !== undefined)
        assert.equal(node.additionalProperties, node['x-tags'] === undefined ? false : undefined, path);
    for (const [path, node] of all)
      if (node['x-tags'] !== undefined)
        assert.ok(node.pattern === undefined && node['x-words'] !== undefined, `${path}: x-words instead of a pattern`);
    assert.equal(schema.additionalProperties, false);
  });

  it('is what the generated files were made from', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'thuban-generated-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    execFileSync('node', ['scripts/compile-schema.mjs', folder]);
    for (const name of ['manifest', 'config']) {
      const committed = `src/${name}/generated`;
      const made = join(folder, name);
      assert.deepEqual(readdirSync(made).sort(), readdirSync(committed).sort());
      for (const file of readdirSync(made))
        assert.equal(
          readFileSync(join(committed, file), 'utf8'),
          readFileSync(join(made, file), 'utf8'),
          `${name}/${file} is stale: node scripts/compile-schema.mjs`,
        );
    }
  });

  it('is checked without generating code at run time', () => {
    const program = `import { loadManifest } from './src/manifest/index.ts';
      const good = loadManifest('name: a\\nversion: 1.0.0\\nuid: 1\\ngid: 1\\n', 'a.yaml');
      const bad = loadManifest('colour: red', 'a.yaml');
      process.stdout.write(String(good.ok) + bad.diagnostics.length);`;
    const flags = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module', '-e', program];
    assert.equal(execFileSync('node', flags, { encoding: 'utf8' }), 'true5');
  });
});
