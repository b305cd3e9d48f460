import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { errnoOf, identityOf, isSameFile } from '../../../src/base/index.ts';
import { packageFile } from '../../../src/runtime/packages/package-file.ts';
import { PartFile, removeParts } from '../../../src/runtime/packages/part-file.ts';
import { temporaryFolder } from '../../support/folders.ts';

describe('a package on its way into a folder', () => {
  test('has a hidden name until it is placed, and is nobody else’s to read', async () => {
    using folder = temporaryFolder();
    await using part = await PartFile.create(folder.path);
    await part.handle.write(Buffer.from('bytes'));
    const [name = ''] = readdirSync(folder.path);
    assert.match(name, /^\.install-.*\.part$/);
    assert.equal(await part.written(), 5);
    part.place('a-1.0.0.tar');
    assert.deepEqual(readdirSync(folder.path), ['a-1.0.0.tar']);
    const found = statSync(join(folder.path, 'a-1.0.0.tar'), { bigint: true });
    assert.ok(isSameFile(await part.identity(), identityOf(found)));
    assert.equal(Number(found.mode) & 0o777, 0o600);
  });

  test('replaces nothing, and leaves nothing when it is not placed', async () => {
    using folder = temporaryFolder();
    const taken = join(folder.path, 'a-1.0.0.tar');
    writeFileSync(taken, 'old');
    {
      await using part = await PartFile.create(folder.path);
      assert.throws(
        () => {
          part.place('a-1.0.0.tar');
        },
        { code: 'TH5007' },
      );
      assert.throws(
        () => {
          part.checkFree('a-1.0.0.tar');
        },
        { code: 'TH5007' },
      );
    }
    assert.deepEqual([readdirSync(folder.path), readFileSync(taken, 'utf8')], [['a-1.0.0.tar'], 'old']);
  });

  test('has its name also when the hidden one cannot be removed', async (t) => {
    using folder = temporaryFolder();
    await using part = await PartFile.create(folder.path);
    // To such a folder names can only be added.
    if (spawnSync('chattr', ['+a', folder.path]).status !== 0) {
      t.skip('needs root and a file system with attributes');
      return;
    }
    try {
      assert.equal(errnoOf(part.place('a-1.0.0.tar')), 'EPERM');
      assert.ok(part.isAt('a-1.0.0.tar'));
    } finally {
      spawnSync('chattr', ['-a', folder.path]);
    }
  });

  test('says so when the folder takes none', async () => {
    await assert.rejects(PartFile.create('/proc/self'), { code: 'TH5015' });
  });
});

describe('what is left of a daemon that died', () => {
  test('goes, and what another one is busy with stays', () => {
    using folder = temporaryFolder();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    const dead = spawnSync('/bin/true').pid;
    const part = (of: string, pid: number): string => `.install-${of}-${pid}-0123456789ab.part`;
    const gone = [part(boot, dead), part(boot, process.pid), part('00000000', process.ppid)];
    const stay = [part(boot, process.ppid), '.other.part', 'a-1.0.0.tar', '.install-x.part'];
    for (const name of [...gone, ...stay]) writeFileSync(join(folder.path, name), '');
    assert.deepEqual(removeParts(folder.path).sort(), gone.sort());
    assert.deepEqual(readdirSync(folder.path).sort(), stay.sort());
  });
});

test('the file of a package is called by its name and version, whatever they are', () => {
  const of = (name: string): string => packageFile({ name, version: '1.0.0', uid: 1, gid: 1 });
  assert.deepEqual(['camera', 'a/b', '.hidden', '..'].map(of), [
    'camera-1.0.0.tar',
    'a%2Fb-1.0.0.tar',
    '%2Ehidden-1.0.0.tar',
    '%2E.-1.0.0.tar',
  ]);
  const [long, other] = [of('x'.repeat(1000)), of(`${'x'.repeat(999)}y`)];
  assert.ok(long.length < 255 && long !== other);
});
