import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { filesBelow } from '../../support/imports.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** As a validator of others compiles it: strict, with the keywords that are for editors, for the reader and for the reference page. */
function compile(name: string): ValidateFunction {
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
  ajv.addVocabulary(['defaultSnippets', 'x-range', 'x-kernel-range', 'x-tags', 'x-words', 'x-typed']);
  return ajv.compile(JSON.parse(read(`schemas/${name}.schema.json`)) as object);
}

/** Blocks of YAML in a page that are whole manifests. */
function manifestsIn(page: string): string[] {
  return [...read(page).matchAll(/^```ya?ml\n(.*?)^```$/gms)]
    .map(([, text = '']) => text)
    .filter((text) => ['name', 'version', 'uid', 'gid'].every((key) => new RegExp(`^${key}:`, 'm').test(text)));
}

describe('the published schema', () => {
  for (const name of ['manifest', 'config'])
    it(`of ${name} is draft-07, strict, and has no name that editors would show`, () => {
      const schema = JSON.parse(read(`schemas/${name}.schema.json`)) as Record<string, unknown>;
      assert.equal(schema['$schema'], 'http://json-schema.org/draft-07/schema#');
      assert.equal(schema['title'], undefined);
      const ajv = new Ajv();
      assert.equal(ajv.validateSchema(schema), true, JSON.stringify(ajv.errors));
      assert.doesNotThrow(() => compile(name));
    });

  const validate = compile('manifest');
  const accepts = (text: string, where: string): void => {
    assert.ok(validate(parse(text)), `${where}: ${JSON.stringify(validate.errors, undefined, 1)}\n${text}`);
  };

  it('accepts every example by its patterns too, which the reader does not use', () => {
    const files = filesBelow(root, 'examples').filter((path) => path.endsWith('.yaml'));
    assert.ok(files.length > 10);
    for (const file of files) accepts(read(file), file);
  });

  it('accepts every manifest in the pages', () => {
    const pages = ['README.md', ...filesBelow(root, 'docs').filter((path) => path.endsWith('.md'))];
    const found = pages.flatMap((page) => manifestsIn(page).map((text) => [page, text] as const));
    assert.ok(found.length > 2, `${found.length}`);
    for (const [page, text] of found) accepts(text, page);
  });

  it('refuses what is wrong', () => {
    const sound = 'name: a\nversion: 1.0.0\nuid: 1\ngid: 1\n';
    accepts(sound, 'here');
    const wrong = ['uid: 70000', 'restart: sometimes', 'stop: {timeout: soon}', 'cgroups: {memroy: {}}', 'rootfs: srv'];
    for (const line of wrong)
      assert.equal(validate({ ...(parse(sound) as object), ...(parse(line) as object) }), false, line);
  });

  it('accepts the examples of its definitions by their patterns', () => {
    const schema = JSON.parse(read('schemas/manifest.schema.json')) as {
      definitions: Record<string, { examples: unknown[]; pattern?: string }>;
    };
    for (const [name, { examples, pattern }] of Object.entries(schema.definitions))
      for (const example of examples)
        if (typeof example === 'string' && pattern !== undefined) assert.match(example, new RegExp(pattern, 'u'), name);
  });
});
