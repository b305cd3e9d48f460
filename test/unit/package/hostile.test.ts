import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openPackage, receivePackage } from '../../../src/package/index.ts';
import { checksumOf, writeChecksums } from '../../../src/package/checksums.ts';
import { temporaryFolder } from '../../support/folders.ts';
import {
  Sink,
  anyone,
  end,
  entry,
  header,
  judged,
  manifestText,
  packageOf,
  parts,
  refusalOf,
  squashfs,
} from './support.ts';

const good = parts();
const whole = (...all: Buffer[]): Buffer => Buffer.concat([...all, end]);
const first = good.checksums;
const rest = Buffer.concat([good.manifest, good.padding, good.image]);
const type = (flag: string, name = 'manifest.yaml'): Buffer => whole(first, entry(name, manifestText, { 156: flag }));
const size = (field: string): Buffer => whole(first, header('manifest.yaml', 0, { 124: field }));

/** What somebody could send, and what the refusal says. */
const table: [name: string, bytes: Buffer, expected: RegExp][] = [
  ['nothing', Buffer.alloc(0), /^TH5011 /],
  ['zeros', Buffer.alloc(4096), /^TH5011 /],
  ['a text', Buffer.from('name: camera\n'.repeat(100)), /^TH5011 /],
  ['something compressed', gzipSync(packageOf()), /^TH5011 /],
  ['an archive of something else', whole(entry('manifest.yaml', manifestText)), /^TH5011 /],
  ['a later format', packageOf({ checksums: 'thuban-package 2\nblake3 x\n' }), /^TH5011 .*format 2/],
  ['another first member of that name', packageOf({ checksums: 'hello\n' }), /^TH5011 .*`checksums`/],
  ['an absolute name', whole(first, entry('/etc/passwd', 'x')), /^TH5004 entry `\/etc\/passwd` has an absolute name/],
  ['a name that leaves', whole(first, entry('a/../../x', 'x')), /^TH5004 entry `a\/\.\.\/\.\.\/x` leaves the package/],
  ['an unknown member', whole(first, entry('evil.so', 'x')), /^TH5004 entry `evil\.so` does not belong/],
  ['a member in a folder', whole(first, entry('./manifest.yaml', manifestText)), /^TH5004 entry `\.\/manifest\.yaml`/],
  ['a name in two parts', whole(first, entry('manifest.yaml', manifestText, { 345: 'a' })), /^TH5004 .*two parts/],
  [
    'bytes behind a name',
    whole(first, entry('manifest.yaml\0x', manifestText)),
    /^TH5004 .*behind the end of its name/,
  ],
  ['control characters in a name', whole(first, entry('\x1b[2J', 'x')), /^TH5004 entry `\^\[\[2J`/],
  ['a hard link', type('1'), /^TH5004 entry `manifest\.yaml` is a hard link/],
  ['a symbolic link', type('2'), /^TH5004 entry `manifest\.yaml` is a symbolic link/],
  ['a character device', type('3'), /^TH5004 .*is a device/],
  ['a block device', type('4'), /^TH5004 .*is a device/],
  ['a folder', type('5'), /^TH5004 .*is a folder/],
  ['a named pipe', type('6'), /^TH5004 .*is a named pipe/],
  ['a sparse file', type('S'), /^TH5004 .*is a sparse file/],
  ['a type of the time before POSIX', type('\0'), /^TH5004 .*of type/],
  ['a pax header', type('x', 'PaxHeader'), /^TH5004 entry `PaxHeader` is a pax header/],
  ['a global pax header', type('g', 'pax_global_header'), /^TH5004 .*is a pax header/],
  ['a long name of GNU', type('L', '././@LongLink'), /^TH5004 entry `\.\/\.\/@LongLink` is a long name/],
  ['a pax header at the front', whole(entry('PaxHeader', '20 path=checksums\n', { 156: 'x' })), /^TH5004|^TH5011/],
  ['the magic word of GNU', whole(first, entry('manifest.yaml', 'x', { 257: 'ustar  \0' })), /^TH5004 .*ustar/],
  ['a member twice', whole(first, good.manifest, good.manifest), /^TH5004 entry `manifest\.yaml` stands twice/],
  ['checksums twice', whole(first, first), /^TH5004 entry `checksums` stands twice/],
  [
    'a signature behind the manifest',
    whole(first, good.manifest, entry('signature', 'x')),
    /^TH5004 entry `signature` is not in its place/,
  ],
  ['an image before the manifest', whole(first, good.image), /^TH5004 entry `rootfs\.squashfs` is not in its place/],
  ['no manifest', whole(first), /^TH5005 .*before `manifest\.yaml`/],
  ['only padding', whole(first, good.manifest, good.padding), /^TH5005 .*before `rootfs\.squashfs`/],
  ['no image', whole(first, good.manifest), /^TH5005 .*`rootfs\.squashfs`/],
  [
    'an image out of line',
    whole(first, good.manifest, good.image),
    /^TH5004 .*`rootfs\.squashfs` does not begin at a multiple/,
  ],
  [
    'too much padding',
    whole(first, good.manifest, entry('padding', Buffer.alloc(4096)), good.image),
    /^TH5004 entry `padding` has 4096/,
  ],
  ['a size in letters', size('0000000zzz1\0'), /^TH5004 entry `manifest\.yaml` has a size that is not in octal/],
  ['a size in base 256', size('\x80\0\0\0\0\0\0\x10\0\0\0\0'), /^TH5004 .*octal/],
  ['a negative size', size('-0000000001\0'), /^TH5004 .*octal/],
  ['a negative size in base 256', size('\xff'.repeat(12)), /^TH5004 .*octal/],
  ['a size without an end', size('000000000012'), /^TH5004 .*octal/],
  ['an empty size', size('\0'.repeat(12)), /^TH5004 .*octal/],
  [
    'a manifest of 8 GiB',
    whole(first, header('manifest.yaml', 8 ** 11 - 1)),
    /^TH5004 entry `manifest\.yaml` says it has 8589934591 bytes/,
  ],
  ['checksums of 1 MiB', whole(entry('checksums', Buffer.alloc(1 << 20))), /^TH5004 entry `checksums` says/],
  [
    'a wrong sum of a header',
    whole(first, header('manifest.yaml', 5, { 148: '000001\0 ' }, false)),
    /^TH5003 the header of entry `manifest\.yaml` is damaged/,
  ],
  ['another mode', whole(first, entry('manifest.yaml', manifestText, { 100: '0004755\0' })), /^TH5004 .*`mode` 0644/],
  ['an owner', whole(first, entry('manifest.yaml', manifestText, { 108: '0001750\0' })), /^TH5004 .*`uid` 0/],
  ['a time', whole(first, entry('manifest.yaml', manifestText, { 136: '00000000001\0' })), /^TH5004 .*`mtime` 0/],
  ['the name of an owner', whole(first, entry('manifest.yaml', manifestText, { 265: 'root' })), /^TH5004 .*`uname`/],
  ['a link name', whole(first, entry('manifest.yaml', manifestText, { 157: 'x' })), /^TH5004 .*`linkname`/],
  [
    'something in the unused bytes',
    whole(first, entry('manifest.yaml', manifestText, { 505: 'x' })),
    /^TH5004 .*`rest`/,
  ],
  [
    'something behind the end',
    Buffer.concat([packageOf(), Buffer.from('x')]),
    /^TH5004 the package goes on after its end/,
  ],
  ['more zeros behind the end', Buffer.concat([packageOf(), end]), /^TH5004 the package goes on after its end/],
  ['a second package behind the end', Buffer.concat([packageOf(), packageOf()]), /^TH5004 the package goes on/],
  ['only half an end', Buffer.concat([first, rest, Buffer.alloc(512)]), /^TH5005 /],
  [
    'something between the halves of the end',
    Buffer.concat([first, rest, Buffer.alloc(512), good.image]),
    /^TH5004 .*after its end/,
  ],
  [
    'another size in the checksums',
    packageOf({ checksums: writeChecksums({ manifest: checksumOf(Buffer.from('x')) }) }),
    /^TH5003 entry `manifest\.yaml` has \d+ bytes/,
  ],
  [
    'an image that the checksums do not name',
    Buffer.concat([entry('checksums', writeChecksums({ manifest: checksumOf(Buffer.from(manifestText)) })), rest, end]),
    /^TH5005 .*no `rootfs\.squashfs`/,
  ],
  [
    'an image that is none',
    packageOf({ image: Buffer.alloc(4096, 'x') }),
    /^TH5004 entry `rootfs\.squashfs` is no squashfs/,
  ],
  [
    'an image of an odd size',
    packageOf({ image: Buffer.concat([squashfs(), Buffer.alloc(512)]) }),
    /^TH5004 .*not a multiple of 4096/,
  ],
  [
    'an image that was cut',
    packageOf({ image: squashfs({ used: 5000 }) }),
    /^TH5005 entry `rootfs\.squashfs` ends too early/,
  ],
  ['an image of squashfs 3', packageOf({ image: squashfs({ version: 3 }) }), /^TH5004 .*squashfs 3\.0/],
  ['a compression that nobody knows', packageOf({ image: squashfs({ compression: 9 }) }), /^TH5004 .*number 9/],
  ['a block size that nobody knows', packageOf({ image: squashfs({ log: 25 }) }), /^TH5004 .*block size/],
  [
    'an image for a root that is the host',
    packageOf({ manifest: `${manifestText}rootfs: host\n` }),
    /^TH5004 .*the manifest's root is `host`/,
  ],
  ['a root in the package, and none in it', packageOf({ image: null }), /^TH5005 .*no `rootfs\.squashfs`/],
  ['a manifest with errors', packageOf({ manifest: `${manifestText}memroy: 1\n` }), /^TH1102 /],
];

describe('a package', () => {
  test('is taken when nothing is wrong with it, in pieces of any size', async () => {
    using folder = temporaryFolder();
    for (const piece of [1, 7, 512, 513, 65_536]) {
      const { opened, received, file } = await judged(folder.path, packageOf(), anyone, piece);
      assert.ok(opened.ok && received.ok, refusalOf(opened) + refusalOf(received));
      assert.equal(opened.manifest.file, file);
      assert.equal(opened.manifest.image?.file, file);
      assert.equal((opened.manifest.image.offset % 4096) + (opened.manifest.image.size % 4096), 0);
      assert.deepEqual(received.contents, opened.contents);
      assert.equal(opened.manifest.position(['uid']).file, `${file}:manifest.yaml`);
    }
  });

  for (const [name, bytes, expected] of table)
    test(`is none: ${name}`, async () => {
      using folder = temporaryFolder();
      const { opened, received } = await judged(folder.path, bytes);
      assert.match(refusalOf(opened), expected);
      assert.match(refusalOf(received), expected);
    });

  test('tells an error of its manifest at its place in the package', async () => {
    using folder = temporaryFolder();
    const { opened, file } = await judged(folder.path, packageOf({ manifest: `${manifestText}memroy: 1\n` }));
    assert.ok(!opened.ok);
    const [{ file: at, line, column } = { file: '', line: 0, column: 0 }] = opened.diagnostics;
    assert.deepEqual([at, line, column], [`${file}:manifest.yaml`, 6, 1]);
    assert.deepEqual([opened.name, opened.version], ['camera', '2.1.0']);
    assert.match(opened.digest ?? '', /^[0-9a-f]{64}$/);
  });

  test('without an image is taken when its root is the host', async () => {
    using folder = temporaryFolder();
    const { opened } = await judged(folder.path, packageOf({ manifest: `${manifestText}rootfs: host\n`, image: null }));
    assert.ok(opened.ok, refusalOf(opened));
    assert.equal(opened.manifest.image, undefined);
  });

  test('is none of a million members, after the second', async () => {
    let given = 0;
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(first);
      for (; given < 1e6; given++) yield entry(`m${given}`, 'x');
    };
    const result = await receivePackage(source(), new Sink(), anyone, { size: 2 ** 40 });
    assert.match(refusalOf(result), /^TH5004 entry `m0`/);
    assert.ok(given < 100, `${given} were asked for`);
  });

  test('is none as a sparse file of 1 TiB, at once', async () => {
    using folder = temporaryFolder();
    const begin = performance.now();
    const empty = join(folder.path, 'empty.tar');
    writeFileSync(empty, '');
    truncateSync(empty, 2 ** 40);
    assert.match(refusalOf(await openPackage(empty, anyone)), /^TH5011/);
    const long = join(folder.path, 'long.tar');
    writeFileSync(long, packageOf());
    truncateSync(long, 2 ** 40);
    assert.match(refusalOf(await openPackage(long, anyone)), /^TH5004 the package goes on/);
    assert.ok(performance.now() - begin < 20_000);
  });
});
