import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { permissions } from '../../../src/config/config.ts';
import { variables } from '../../../src/config/environment.ts';
import { routes } from '../../../src/console/routes.ts';

interface Node {
  description?: string;
  examples?: unknown[];
  $ref?: string;
  type?: string | string[];
  enum?: string[];
  default?: unknown;
  additionalProperties?: boolean | Node;
  properties?: Record<string, Node>;
  items?: Node;
}

const root = join(import.meta.dirname, '../../..');
const schema = JSON.parse(readFileSync(join(root, 'schemas/config.schema.json'), 'utf8')) as Node & {
  definitions: Record<string, Node>;
};

/** Every property with its path. */
function* properties(node: Node, path: string[] = []): Generator<[string[], Node]> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    yield [[...path, key], inner];
    yield* properties(inner, [...path, key]);
  }
  for (const inner of [node.items, node.additionalProperties])
    if (typeof inner === 'object') {
      yield [[...path, '*'], inner];
      yield* properties(inner, [...path, '*']);
    }
}

describe('the schema of the configuration', () => {
  const all = Array.from(properties(schema));

  it('explains every key with an example and with what holds without it', () => {
    for (const [path, node] of all) {
      assert.ok((node.description ?? '').length > 5, `${path.join('.')} has no description`);
      assert.ok((node.examples ?? []).length > 0, `${path.join('.')} has no example`);
      if (path.at(-1) !== '*')
        assert.ok(
          node.default !== undefined || /Default: |Mandatory/.test(node.description ?? ''),
          `${path.join('.')} says nothing of its default`,
        );
    }
  });

  it('names the unit of every number', () => {
    for (const [path, node] of all) {
      const type =
        node.$ref === undefined ? node.type : schema.definitions[node.$ref.replace('#/definitions/', '')]?.type;
      if ([type].flat().some((name) => name === 'integer' || name === 'number'))
        assert.match(node.description ?? '', /Unit: /, path.join('.'));
    }
  });

  it('allows no other keys in any section', () => {
    for (const [path, node] of all)
      if (node.properties !== undefined) assert.equal(node.additionalProperties, false, path.join('.'));
    assert.equal(schema.additionalProperties, false);
  });

  it('lists the permissions as the code does', () => {
    const words = all.find(([path]) => path.join('.') === 'console.sockets.*.permissions.*')?.[1].enum;
    assert.deepEqual(words, [...permissions]);
  });

  it('knows the permission of every route of the console', () => {
    const known = new Set<string | null>([...permissions, null]);
    assert.deepEqual(
      routes.filter(({ permission }) => !known.has(permission)),
      [],
    );
  });

  it('is described key by key in docs/reference/configuration.md', () => {
    const page = readFileSync(join(root, 'docs/reference/configuration.md'), 'utf8');
    for (const [path, node] of all) {
      const key = path.join('.').replace('repositories.*', 'repositories.NAME').replace('sockets.*', 'sockets[]');
      if (path.at(-1) === '*' || (node.properties !== undefined && path.length > 1)) continue;
      const place = node.properties === undefined ? `| \`${key}\` |` : `## ${key}\n`;
      assert.ok(page.includes(place), key);
    }
  });

  it('gives every key outside of lists a variable', () => {
    const names = all
      .filter(([path]) => !path.includes('*'))
      .map(([path]) => `THUBAN_CFG_${path.join('__').toUpperCase()}`);
    assert.deepEqual(variables().sort(), names.sort());
  });

  it('is checked without generating code at run time', () => {
    const program = `import { loadConfig } from './src/config/index.ts';
      const load = (env) => loadConfig({ defaultFile: '/nonexistent/thuban.yaml', env, flags: {} });
      const bad = load({ THUBAN_CFG_LOGS: '{colour: red}' });
      process.stdout.write(String(load({}).ok) + bad.diagnostics[0].code);`;
    const flags = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module', '-e', program];
    assert.equal(execFileSync('node', flags, { encoding: 'utf8', cwd: root }), 'trueTH1102');
  });
});
