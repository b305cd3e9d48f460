import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../support/folders.ts';

const root = join(import.meta.dirname, '../../..');

describe('thuban schema', () => {
  for (const [name, ...flags] of [['manifest'], ['config', '--config']] as const) {
    const file = readFileSync(join(root, `schemas/${name}.schema.json`), 'utf8');

    test(`prints the schema of ${name}, byte by byte, from a bundle that lies alone`, () => {
      using folder = temporaryFolder();
      const bundle = join(folder.path, 'thuban.mjs');
      copyFileSync(join(root, 'dist/thuban.mjs'), bundle);
      const args = ['--disallow-code-generation-from-strings', bundle, 'schema', ...flags];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
      assert.equal(stdout, file);
    });

    test(`prints the schema of ${name} from the sources`, () => {
      const args = ['--import', 'tsx', 'src/main.ts', 'schema', ...flags];
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      assert.equal(status, 0);
      assert.equal(stdout, file);
    });
  }

  test('takes no arguments', () => {
    const args = [join(root, 'dist/thuban.mjs'), 'schema', 'manifest'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /error\[TH6011\]/);
  });
});
