import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ThubanError, checkTrustedFolder, readTrustedFile, type Code } from '../../../src/base/index.ts';
import { temporaryFolder } from '../../support/folders.ts';

function folderIn(parent: string, name: string, mode = 0o755): string {
  const path = join(parent, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

function refusal(code: Code, message: RegExp, hint?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ThubanError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    if (hint !== undefined) assert.match(error.hint ?? 'no hint', hint);
    return true;
  };
}

describe('a trusted folder', () => {
  test('is one that only its owner writes, below /tmp too', () => {
    using top = temporaryFolder();
    checkTrustedFolder(folderIn(top.path, 'a', 0o755));
    checkTrustedFolder(folderIn(top.path, 'b', 0o700));
    checkTrustedFolder('/');
  });

  const modes: [mode: number, who: string][] = [
    [0o777, 'everybody'],
    [0o775, 'its group'],
    [0o702, 'everybody'],
    [0o720, 'its group'],
    [0o2775, 'its group'],
  ];
  for (const [mode, who] of modes) {
    const text = mode.toString(8).padStart(4, '0');
    test(`is none with mode ${text}, nor is what lies below`, () => {
      using top = temporaryFolder();
      const folder = folderIn(top.path, 'open', mode);
      const message = new RegExp(`^\`${folder}\` has mode ${text}, so ${who} may write$`);
      const expected = refusal('TH5010', message, new RegExp(`^chmod go-w ${folder}$`));
      assert.throws(() => {
        checkTrustedFolder(folder);
      }, expected);
      mkdirSync(join(folder, 'a/b'), { recursive: true, mode: 0o755 });
      assert.throws(() => {
        checkTrustedFolder(join(folder, 'a/b'));
      }, expected);
    });
  }

  test('may stand in a sticky one that everybody writes, but not be one', () => {
    using top = temporaryFolder();
    const sticky = folderIn(top.path, 'sticky', 0o1777);
    checkTrustedFolder(folderIn(sticky, 'own'));
    assert.throws(
      () => {
        checkTrustedFolder(sticky);
      },
      refusal('TH5010', /has mode 1777/, /use a folder below/),
    );
    chmodSync(sticky, 0o1755);
    checkTrustedFolder(sticky);
  });

  test('is found over links, and every folder on their way counts', () => {
    using top = temporaryFolder();
    const target = folderIn(top.path, 'target');
    symlinkSync('target', join(top.path, 'relative'));
    symlinkSync(join(top.path, 'relative'), join(top.path, 'absolute'));
    checkTrustedFolder(join(top.path, 'absolute'));

    // The link stands well, but leads through a folder that others write.
    const open = folderIn(top.path, 'open', 0o777);
    const inside = folderIn(open, 'inside');
    symlinkSync(inside, join(top.path, 'through'));
    const refused = refusal('TH5010', new RegExp(`^\`${open}\` has mode 0777`));
    assert.throws(() => {
      checkTrustedFolder(join(top.path, 'through'));
    }, refused);

    // The link leads to a good folder, but others may exchange it.
    symlinkSync(target, join(open, 'exchangeable'));
    assert.throws(() => {
      checkTrustedFolder(join(open, 'exchangeable'));
    }, refused);

    // `..` goes up from where a link leads, not from its name: here to `open`.
    assert.throws(() => {
      checkTrustedFolder(`${top.path}/through/../inside`);
    }, refused);
  });

  test('is no file, no circle of links and nothing that is missing', () => {
    using top = temporaryFolder();
    writeFileSync(join(top.path, 'file'), '');
    symlinkSync('b', join(top.path, 'a'));
    symlinkSync('a', join(top.path, 'b'));
    const check = (name: string) => () => {
      checkTrustedFolder(join(top.path, name));
    };
    assert.throws(check('file'), refusal('TH5010', /is not a folder/));
    assert.throws(check('file/below'), refusal('TH5010', /is not a folder/));
    assert.throws(check('a'), refusal('TH5010', /more than 40 symbolic links/));
    assert.throws(check('missing'), { code: 'ENOENT' });
  });
});

describe('a trusted file', () => {
  const read = (path: string, maxBytes = 1024): Buffer => readTrustedFile(path, { maxBytes });

  test('is read whole, up to the bound', () => {
    using top = temporaryFolder();
    const file = join(top.path, 'file');
    writeFileSync(file, 'x'.repeat(1024));
    assert.equal(read(file).toString(), 'x'.repeat(1024));
    truncateSync(file, 1025);
    assert.throws(() => read(file), refusal('TH1002', /^the file is 1.0 KiB, at most 1 KiB is read$/));
    truncateSync(file, 0);
    assert.equal(read(file).length, 0);
  });

  test('is none that others may write', () => {
    using top = temporaryFolder();
    const file = join(top.path, 'file');
    writeFileSync(file, '');
    for (const mode of [0o666, 0o664, 0o602]) {
      chmodSync(file, mode);
      assert.throws(
        () => read(file),
        refusal('TH5010', /so (everybody|its group) may write$/, /^chmod go-w \/.*file$/),
      );
    }
  });

  test('may have two names', () => {
    using top = temporaryFolder();
    writeFileSync(join(top.path, 'file'), 'text');
    linkSync(join(top.path, 'file'), join(top.path, 'link'));
    assert.equal(read(join(top.path, 'link')).toString(), 'text');
  });

  test('is no symbolic link, folder, pipe, socket or device', async () => {
    using top = temporaryFolder();
    const at = (name: string): string => join(top.path, name);
    writeFileSync(at('file'), '');
    symlinkSync('file', at('link'));
    symlinkSync('nowhere', at('dangling'));
    mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('pipe')]);
    const server = createServer().listen(at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      for (const name of ['link', 'dangling'])
        assert.throws(() => read(at(name)), refusal('TH5010', /is a symbolic link$/));
      for (const path of [at('folder'), at('pipe'), at('socket'), '/dev/null'])
        assert.throws(() => read(path), refusal('TH1008', /is not a regular file$/), path);
      assert.throws(() => read(at('missing')), { code: 'ENOENT' });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('is refused when it has not the length that it says', () => {
    // A file that never is as long as fstat(2) tells, as one that is just being written.
    assert.throws(() => read('/proc/self/status', 1 << 20), refusal('TH1008', /changed while it was read$/));
  });

  test('leaves no descriptor open, whatever happens', () => {
    using top = temporaryFolder();
    writeFileSync(join(top.path, 'file'), 'xx');
    const before = readdirSync('/proc/self/fd').length;
    read(join(top.path, 'file'));
    assert.throws(() => read(join(top.path, 'file'), 1));
    assert.throws(() => read(top.path));
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});
