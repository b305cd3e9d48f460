import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Titles in a file of tests, with `…` for what is put in. */
function titlesOf(file: string): string[] {
  const calls = read(file).matchAll(/\btest\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|`((?:[^`\\]|\\.)*)`)\s*,/g);
  return [...calls].map(([, single, double, template]) =>
    (single ?? double ?? template ?? '').replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…'),
  );
}

describe('the integration tests of Northstar in docs/reference/northstar.md', () => {
  const section = read('docs/reference/northstar.md').split('## Its integration tests')[1] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` +\| (.*?) *\| (.*?) *\|$/gm)].map(
    ([, name = '', ours = '', reason = '']) => ({
      name,
      ours,
      reason,
    }),
  );

  test('are 67, each once, with a test of ours or a reason', () => {
    assert.equal(rows.length, 67);
    assert.equal(new Set(rows.map(({ name }) => name)).size, 67);
    for (const { name, ours, reason } of rows) assert.ok(ours !== '' || reason !== '', name);
  });

  test('name tests of ours that are there, by file and title', () => {
    for (const { name, ours } of rows) {
      const parts = ours === '' ? [] : ours.split('<br>');
      for (const part of parts) {
        const [, file = '', title = ''] = /^`(test\/[\w/.-]+\.test\.ts)`: "(.+)"$/.exec(part) ?? [];
        assert.notEqual(file, '', `${name}: ${part}`);
        assert.ok(titlesOf(file).includes(title), `${name}: ${part}`);
      }
    }
  });
});
