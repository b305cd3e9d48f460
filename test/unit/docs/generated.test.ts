import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { codes } from '../../../src/base/index.ts';

const root = join(import.meta.dirname, '../../..');

describe('docs/reference', () => {
  test('the generated pages are as scripts/generate-docs.mjs writes them', () => {
    const args = ['--import', 'tsx', 'scripts/generate-docs.mjs', '--check'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  test('errors.md has every code with its name', () => {
    const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');
    for (const [code, { name }] of Object.entries(codes)) assert.ok(page.includes(`\n### ${code} ${name}\n`), code);
  });
});
