import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { ownFacts } from '../../../src/runtime/facts.ts';
import { temporaryFolder } from '../../support/folders.ts';

test('what a root holds is found through links of its path and its own, with and without a slash at its end', () => {
  using folder = temporaryFolder();
  const top = realpathSync(folder.path);
  mkdirSync(join(top, 'real/usr/lib'), { recursive: true });
  writeFileSync(join(top, 'real/file'), '');
  symlinkSync('/usr/lib', join(top, 'real/lib'));
  symlinkSync('real', join(top, 'link'));
  for (const end of ['', '/']) {
    const root = join(top, 'link') + end;
    const mounts = Object.fromEntries(['/lib', '/file', '/none'].map((target) => [target, { type: 'proc' as const }]));
    const manifest = {
      name: 'a',
      version: '1.0.0',
      rootfs: { type: 'dir', path: root },
      mounts,
    } as unknown as Manifest;
    assert.deepEqual(ownFacts(manifest, []).paths, {
      [root]: { type: 'directory', real: join(top, 'real') },
      [`${root}/lib`]: { type: 'directory', real: join(top, 'real/usr/lib') },
      [`${root}/file`]: { type: 'file', real: join(top, 'real/file') },
      [`${root}/none`]: { type: 'missing' },
    });
  }
});
