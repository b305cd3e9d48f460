import assert from 'node:assert/strict';
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkTrustedFolder, readTrustedFile } from '../../../src/base/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const STRANGER = 4711;

function folderIn(parent: string, name: string, uid: number, mode = 0o755): string {
  const path = join(parent, name);
  mkdirSync(path);
  chownSync(path, uid, uid);
  chmodSync(path, mode);
  return path;
}

describe('what strangers own', needsRoot(), () => {
  test('is no trusted folder, nor is what lies below, unless they are the owner', async () => {
    await leavesNothingBehind(async () => {
      using top = temporaryFolder();
      const theirs = folderIn(top.path, 'theirs', STRANGER);
      const roots = folderIn(theirs, 'roots', 0);
      for (const path of [theirs, roots]) {
        assert.throws(
          () => {
            checkTrustedFolder(path);
          },
          { code: 'TH5010', message: `\`${theirs}\` is owned by uid 4711`, hint: `chown root ${theirs}` },
        );
        checkTrustedFolder(path, { owner: STRANGER });
      }
      chmodSync(theirs, 0o777);
      assert.throws(
        () => {
          checkTrustedFolder(theirs, { owner: 12 });
        },
        { hint: `chown 12 ${theirs} && chmod go-w ${theirs}` },
      );
      await Promise.resolve();
    });
  });

  test('is not trusted in a sticky folder, and a sticky folder of theirs is not either', async () => {
    await leavesNothingBehind(async () => {
      using top = temporaryFolder();
      const sticky = folderIn(top.path, 'sticky', 0, 0o1777);
      checkTrustedFolder(folderIn(sticky, 'roots', 0));
      const theirs = folderIn(sticky, 'theirs', STRANGER);
      assert.throws(
        () => {
          checkTrustedFolder(theirs);
        },
        { code: 'TH5010', message: /is owned by uid 4711/ },
      );
      chownSync(sticky, STRANGER, 0);
      assert.throws(
        () => {
          checkTrustedFolder(join(sticky, 'roots'));
        },
        { code: 'TH5010', message: `\`${sticky}\` is owned by uid 4711` },
      );
      await Promise.resolve();
    });
  });

  test('is no trusted link: in a sticky folder they could exchange it', async () => {
    await leavesNothingBehind(async () => {
      using top = temporaryFolder();
      const target = folderIn(top.path, 'target', 0);
      const sticky = folderIn(top.path, 'sticky', 0, 0o1777);
      const link = join(sticky, 'link');
      symlinkSync(target, link);
      checkTrustedFolder(link);
      lchownSync(link, STRANGER, STRANGER);
      assert.throws(
        () => {
          checkTrustedFolder(link);
        },
        { code: 'TH5010', message: `\`${link}\` is owned by uid 4711`, hint: `chown -h root ${link}` },
      );
      await Promise.resolve();
    });
  });

  test('is no trusted file, unless they are the owner', async () => {
    await leavesNothingBehind(async () => {
      using top = temporaryFolder();
      const file = join(top.path, 'file');
      writeFileSync(file, 'text');
      chownSync(file, STRANGER, 0);
      assert.throws(() => readTrustedFile(file, { maxBytes: 10 }), {
        code: 'TH5010',
        message: `\`${file}\` is owned by uid 4711`,
        hint: `chown root ${file}`,
      });
      assert.equal(readTrustedFile(file, { maxBytes: 10, owner: STRANGER }).toString(), 'text');
      await Promise.resolve();
    });
  });
});
