import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownCall } from '../../../src/cli/own-call.ts';
import { temporaryFolder } from '../../support/folders.ts';

test('in a checkout, from the bundle and from the sources, hints call npx', () => {
  const root = join(import.meta.dirname, '../../..');
  for (const folder of ['dist', 'src/cli'])
    assert.deepEqual(ownCall(join(root, folder)), {
      thuban: 'npx thuban',
      examples: 'examples/manifests',
      demo: 'npm run demo',
    });
});

test('in an unpacked release, hints call it by its name and give the path of its examples', () => {
  using folder = temporaryFolder();
  // Whatever lies beside the release says nothing about it: it is unpacked into folders of others.
  mkdirSync(join(folder.path, 'thuban-0.1.0/lib'), { recursive: true });
  const release = (): unknown => ownCall(join(folder.path, 'thuban-0.1.0/lib'));
  const expected = {
    thuban: 'thuban',
    examples: `${folder.path}/thuban-0.1.0/examples/manifests`,
    demo: 'thuban demo',
  };
  assert.deepEqual(release(), expected);
  writeFileSync(join(folder.path, 'package.json'), '{}');
  assert.deepEqual(release(), expected);
});
