import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { resolveInRoot } from '../../../src/runtime/in-root.ts';
import { temporaryFolder } from '../../support/folders.ts';

describe('a path below a root', () => {
  test('is where a program with that root would find it', () => {
    using folder = temporaryFolder();
    const root = `${folder.path}/image`;
    mkdirSync(`${root}/run/lock`, { recursive: true });
    mkdirSync(`${root}/var/lib`, { recursive: true });
    writeFileSync(`${root}/run/file`, '');
    const links = {
      'var/run': '/run',
      'var/lock': '../run/lock',
      up: '../../../../run',
      circle: 'circle',
      broken: '/nowhere',
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, `${root}/${name}`);
    const found = (path: string): string | undefined => resolveInRoot(root, path)?.slice(root.length);
    assert.equal(found('/run/file'), '/run/file');
    assert.equal(found('/var/run/file'), '/run/file');
    assert.equal(found('/var/lock'), '/run/lock');
    assert.equal(found('/up/lock/'), '/run/lock');
    assert.equal(found('/../..//run/./lock/..'), '/run');
    assert.equal(found('/'), '');
    for (const path of ['/circle', '/circle/x', '/broken', '/run/missing', '/etc'])
      assert.equal(found(path), undefined, path);
  });
});
