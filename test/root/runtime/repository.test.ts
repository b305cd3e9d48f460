import assert from 'node:assert/strict';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { scanRepository } from '../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const STRANGER = 4711;
const manifest = (name: string): string =>
  `name: ${name}\nversion: 1.0.0\nuid: 1000\ngid: 1000\nrootfs: host\ninit: /bin/true\n`;

describe('a repository with files of strangers', needsRoot(), () => {
  test('is read without them, and not at all when the folder or one above it is theirs', async () => {
    await leavesNothingBehind(async () => {
      using top = temporaryFolder();
      const folder = join(top.path, 'repository');
      mkdirSync(folder);
      for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.yaml`), manifest(name), { mode: 0o644 });
      chownSync(join(folder, 'b.yaml'), STRANGER, STRANGER);
      const found = await scanRepository(folder);
      assert.deepEqual(
        found.manifests.map((loaded) => loaded.manifest.name),
        ['a', 'c'],
      );
      assert.deepEqual(
        found.rejected.map(({ file, diagnostics }) => [file, diagnostics.map(({ code, message }) => [code, message])]),
        [[join(folder, 'b.yaml'), [['TH5010', `\`${join(folder, 'b.yaml')}\` is owned by uid 4711`]]]],
      );
      assert.equal((await scanRepository(folder, { owner: STRANGER })).manifests.length, 3);
      for (const path of [folder, top.path]) {
        chownSync(path, STRANGER, 0);
        const refused = await scanRepository(folder);
        assert.equal(refused.problem?.code, 'TH5010');
        assert.equal(refused.problem.details['path'], path);
        assert.deepEqual([refused.manifests, refused.rejected], [[], []]);
        chownSync(path, 0, 0);
      }
    });
  });
});
