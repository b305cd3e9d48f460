import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskOf, isSameFile, identityOf } from '../../../src/base/index.ts';
import { VerifiedPackages, openPackage } from '../../../src/package/index.ts';
import { RepositoryFolder, isRejected } from '../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';
import { anyone, packageOf } from '../../unit/package/support.ts';

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).trim();
}

const { skip } = needsRoot();
const hasTools = spawnSync('mkfs.ext4', ['-V']).error === undefined;

test(
  'what was verified is not believed of a disk that was out meanwhile',
  { skip: skip || (!hasTools && 'needs mkfs.ext4') },
  async (t) => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const [disk, dir] = [join(folder.path, 'disk'), join(folder.path, 'mounted')];
      writeFileSync(disk, '');
      truncateSync(disk, 8 * 1024 * 1024);
      mkdirSync(dir, { mode: 0o755 });
      run('mkfs.ext4', '-q', disk);
      const device = run('losetup', '--find', '--show', disk);
      try {
        run('mount', device, dir);
        const file = join(dir, 'camera.tar');
        writeFileSync(file, packageOf(), { mode: 0o644 });
        const verified = new VerifiedPackages();
        const repository = new RepositoryFolder(dir, { settle: 0, verified });
        const states = async (): Promise<boolean[]> => (await repository.look()).files.map(isRejected);
        assert.deepEqual(await states(), [false]);
        const opened = await openPackage(file, { ...anyone, verified });
        assert.ok(opened.ok);
        const identity = (): ReturnType<typeof identityOf> => identityOf(statSync(file, { bigint: true }));
        const before = identity();
        assert.ok(verified.has(before, opened.contents.digest));
        const number = diskOf(before.dev);
        if (number === '') {
          t.skip('this kernel does not number disks (5.15)');
          return;
        }
        run('umount', dir);
        run('losetup', '--detach', device);
        const bytes = readFileSync(disk);
        const at = bytes.indexOf('hsqs') + 1000; // in the image, where only its checksum looks
        bytes[at] = 1;
        writeFileSync(disk, bytes);
        run('losetup', device, disk);
        run('mount', device, dir);
        assert.ok(isSameFile(before, identity()), 'nothing shows that it is another one');
        assert.notEqual(diskOf(identity().dev), number);
        assert.ok(!verified.has(identity(), opened.contents.digest));
        assert.deepEqual(await states(), [true], 'what was read is read again');
      } finally {
        spawnSync('umount', [dir]);
        spawnSync('losetup', ['--detach', device]);
      }
    });
  },
);
