import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  readFileSync,
  renameSync,
  statSync,
  statfsSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { identityOf } from '../../../src/base/index.ts';
import { VerifiedPackages, openPackage } from '../../../src/package/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { anyone, newKey, packageOf, refusalOf, squashfs } from './support.ts';

const TMPFS = 0x01021994;
/** Writes a byte of the last block with each byte that it reads, the first one before: always to the same page. */
const MAPPING_WRITER = `
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
  int fd = open(argv[1], O_RDWR);
  struct stat st;
  if (argc != 2 || fd < 0 || fstat(fd, &st)) return 1;
  char *bytes = mmap(0, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), order;
  if (bytes == MAP_FAILED || close(fd)) return 1;
  volatile char *end = bytes + st.st_size - 1;
  *end = 0;
  while (write(1, "w", 1) == 1 && read(0, &order, 1) == 1) *end = order;
}`;
const isRoot = process.geteuid?.() === 0;

describe('a package file', () => {
  test('of a folder is refused when others may write it, or it is a link', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'x.tar');
    const link = join(folder.path, 'link.tar');
    writeFileSync(file, packageOf());
    symlinkSync(file, link);
    assert.match(refusalOf(await openPackage(link, anyone)), /^TH5010 .*is a symbolic link/);
    chmodSync(file, 0o666);
    assert.match(refusalOf(await openPackage(file, anyone)), /^TH5010 .*everybody may write/);
    const given = await openPackage(link, { ...anyone, asGiven: true });
    assert.ok(given.ok, refusalOf(given));
    assert.equal(given.manifest.image?.file, file);
  });

  test('of another owner is refused', { skip: !isRoot && 'needs root to give a file away' }, async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'x.tar');
    writeFileSync(file, packageOf());
    chownSync(file, 1234, 0);
    assert.match(refusalOf(await openPackage(file, anyone)), /^TH5010 .*owned by uid 1234/);
    assert.ok((await openPackage(file, { ...anyone, owner: 1234 })).ok);
  });

  test('that is none is told, and a pipe is not waited for', { timeout: 20_000 }, async () => {
    using folder = temporaryFolder();
    const pipe = join(folder.path, 'pipe.tar');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    for (const asGiven of [false, true]) {
      assert.match(refusalOf(await openPackage(pipe, { ...anyone, asGiven })), /^TH1008 /);
      assert.match(refusalOf(await openPackage(folder.path, { ...anyone, asGiven })), /^TH1008 /);
      assert.match(refusalOf(await openPackage(join(folder.path, 'missing.tar'), { ...anyone, asGiven })), /^TH1008 /);
    }
  });

  test('is another one after a write through a mapping that was there before it was read', async (t) => {
    using folder = temporaryFolder();
    if (statfsSync(folder.path).type === TMPFS) {
      t.skip('a tmpfs does not tell');
      return;
    }
    const [file, program] = [join(folder.path, 'x.tar'), join(folder.path, 'writer')];
    if (spawnSync('cc', ['-x', 'c', '-o', program, '-'], { input: MAPPING_WRITER }).status !== 0) {
      t.skip('needs a C compiler');
      return;
    }
    writeFileSync(file, packageOf());
    const writer = spawn(program, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
    const written = (): Promise<unknown> => once(writer.stdout, 'data');
    const identity = (): unknown => identityOf(statSync(file, { bigint: true }));
    try {
      await written();
      const opened = await openPackage(file, anyone);
      assert.ok(opened.ok, refusalOf(opened));
      assert.deepEqual(identity(), opened.manifest.image?.identity);
      const before = readFileSync(file);
      writer.stdin.write('x');
      await written();
      assert.ok(!readFileSync(file).equals(before));
      assert.notDeepEqual(identity(), opened.manifest.image?.identity);
    } finally {
      writer.kill();
      await once(writer, 'exit');
    }
  });

  test('leaves no descriptor open', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'x.tar');
    const count = (): number =>
      Number(execFileSync('sh', ['-c', `ls /proc/${process.pid}/fd | wc -l`], { encoding: 'utf8' }));
    writeFileSync(file, packageOf());
    await openPackage(file, anyone);
    const before = count();
    for (let i = 0; i < 20; i++) {
      writeFileSync(file, packageOf().subarray(0, i * 400));
      await openPackage(file, anyone);
    }
    assert.equal(count(), before);
  });
});

describe('a package that was verified', () => {
  const image = squashfs({ size: 8 * 1024 * 1024 });
  const key = newKey();
  const bytes = packageOf({ image, key: key.signing });

  /** The image is changed where only hashing would see it; the kernel is asked to forget that by no means. */
  async function verified(): Promise<{
    folder: ReturnType<typeof temporaryFolder>;
    file: string;
    cache: VerifiedPackages;
  }> {
    const folder = temporaryFolder();
    const file = join(folder.path, 'x.tar');
    writeFileSync(file, bytes);
    const cache = new VerifiedPackages();
    const result = await openPackage(file, { ...anyone, verified: cache });
    assert.ok(result.ok, refusalOf(result));
    return { folder, file, cache };
  }

  test('gives the same when it is opened again, also by what was kept of it', async () => {
    const { folder, file, cache } = await verified();
    using _ = folder;
    const kept = VerifiedPackages.fromJSON(JSON.parse(JSON.stringify(cache)));
    const plain = await openPackage(file, anyone);
    assert.ok(plain.ok);
    for (const one of [cache, kept]) {
      const again = await openPackage(file, { ...anyone, verified: one });
      assert.ok(again.ok, refusalOf(again));
      assert.deepEqual([again.contents, again.manifest.image], [plain.contents, plain.manifest.image]);
    }
  });

  test('is not hashed again: a note that lies is believed, so notes are made of checks only', async () => {
    const { folder, file } = await verified();
    using _ = folder;
    const changed = Buffer.from(bytes);
    changed[changed.length - 5000] = 1;
    writeFileSync(file, changed);
    const seen = await openPackage(file, anyone);
    assert.match(refusalOf(seen), /^TH5003 entry `rootfs\.squashfs`/);
    const { dev, ino, size, ctimeNs } = statSync(file, { bigint: true });
    const identity = { dev: String(dev), ino: String(ino), size: String(size), ctime_ns: String(ctimeNs) };
    const cache = new VerifiedPackages();
    assert.ok(!seen.ok && seen.digest !== undefined);
    cache.add(identity, seen.digest);
    assert.ok((await openPackage(file, { ...anyone, verified: cache })).ok);
  });

  test('is hashed again after any change, and when another file has its name', async () => {
    const { folder, file, cache } = await verified();
    using _ = folder;
    const changed = Buffer.from(bytes);
    changed[changed.length - 5000] = 1;
    const times = statSync(file);
    writeFileSync(file, changed);
    utimesSync(file, times.atime, times.mtime);
    assert.match(refusalOf(await openPackage(file, { ...anyone, verified: cache })), /^TH5003/);
    const other = join(folder.path, 'other.tar');
    writeFileSync(other, changed);
    renameSync(other, file);
    assert.match(refusalOf(await openPackage(file, { ...anyone, verified: cache })), /^TH5003/);
  });

  test('is judged by the keys of each time', async () => {
    const { folder, file, cache } = await verified();
    using _ = folder;
    const strict = { requireSignature: true, verified: cache };
    assert.ok((await openPackage(file, { ...strict, keys: [key.trusted] })).ok);
    assert.match(refusalOf(await openPackage(file, { ...strict, keys: [newKey().trusted] })), /^TH5002/);
  });

  test('has its end checked all the same', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'x.tar');
    for (const changed of [
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(512)]),
      bytes.subarray(0, -4096),
    ]) {
      writeFileSync(file, changed);
      const { dev, ino, size, ctimeNs } = statSync(file, { bigint: true });
      const cache = new VerifiedPackages();
      const good = await openPackage(file, anyone);
      assert.ok(!good.ok && good.digest !== undefined);
      cache.add({ dev: String(dev), ino: String(ino), size: String(size), ctime_ns: String(ctimeNs) }, good.digest);
      assert.match(refusalOf(await openPackage(file, { ...anyone, verified: cache })), /^TH5005/);
    }
  });

  test('is noted for so many files only, and notes of another form are left out', () => {
    const cache = new VerifiedPackages();
    const identity = (ino: number): { dev: string; ino: string; size: string; ctime_ns: string } => ({
      dev: '1',
      ino: String(ino),
      size: '1',
      ctime_ns: '1',
    });
    const digest = 'a'.repeat(64);
    for (let ino = 0; ino < 1500; ino++) cache.add(identity(ino), digest);
    assert.equal((cache.toJSON() as unknown[]).length, 1000);
    assert.ok(!cache.has(identity(0), digest) && cache.has(identity(1499), digest));
    for (const json of [
      null,
      1,
      {},
      [null, 1, {}, { identity: null }, { identity: identity(1), digest: 'x' }, { identity: {}, digest }],
    ])
      assert.deepEqual(VerifiedPackages.fromJSON(json).toJSON(), []);
  });
});
