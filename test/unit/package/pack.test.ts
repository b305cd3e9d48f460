import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadManifest } from '../../../src/manifest/index.ts';
import { openPackage, pack, type PackOptions, type Packed } from '../../../src/package/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { anyone, manifestText, newKey, refusalOf } from './support.ts';

const version = spawnSync('mksquashfs', ['-version'], { encoding: 'utf8' });
const skip =
  version.status === 0 || version.stdout?.startsWith('mksquashfs')
    ? false
    : 'NOT RUN: no mksquashfs (apt-get install squashfs-tools)';

const mounts =
  'mounts:\n  /proc: {type: proc}\n  /run/some dir/"x": {type: tmpfs, size: 1 MiB}\n  /etc/app.conf: {type: bind, host: /etc/hostname}\n';

function made(text: string, options: PackOptions): Promise<Packed> {
  const loaded = loadManifest(text, 'camera.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded.diagnostics));
  return pack(Buffer.from(text), loaded.manifest, options);
}

/** A root with what roots have: programs, links, hard links, and a file that a mount covers. */
function rootIn(folder: string): string {
  const root = join(folder, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  for (let i = 0; i < 40; i++) writeFileSync(join(root, `bin/tool${i}`), `tool ${i}\n`.repeat(i * 300));
  symlinkSync('tool1', join(root, 'bin/sh'));
  writeFileSync(join(root, 'etc/app.conf'), '');
  writeFileSync(join(root, 'bin/app'), '#!/bin/sh\n', { mode: 0o755 });
  chmodSync(join(root, 'bin/app'), 0o755);
  return root;
}

async function listed(file: string): Promise<string[]> {
  const opened = await openPackage(file, anyone);
  assert.ok(opened.ok && opened.manifest.image !== undefined, refusalOf(opened));
  const { offset, size } = opened.manifest.image;
  writeFileSync(`${file}.img`, readFileSync(file).subarray(offset, offset + size));
  const text = execFileSync('unsquashfs', ['-lln', `${file}.img`], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  return text.split('\n').filter((line) => line.includes('squashfs-root'));
}

describe('a package made by pack', { skip }, () => {
  test('is read by us, by tar, and its image by squashfs-tools', async () => {
    using folder = temporaryFolder();
    const key = newKey();
    const packed = await made(manifestText + mounts, { root: rootIn(folder.path), out: folder.path, key: key.signing });
    assert.equal(packed.file, join(folder.path, 'camera-2.1.0.tar'));
    const opened = await openPackage(packed.file, { keys: [key.trusted], requireSignature: true });
    assert.ok(opened.ok, refusalOf(opened));
    assert.deepEqual([opened.manifest.signer, opened.manifest.digest], [key.trusted.id, packed.digest]);
    const names = execFileSync('tar', ['tf', packed.file], { encoding: 'utf8' }).trim().split('\n');
    assert.deepEqual(
      names.filter((name) => name !== 'padding'),
      ['checksums', 'signature', 'manifest.yaml', 'rootfs.squashfs'],
    );
    const lines = await listed(packed.file);
    for (const line of lines) assert.match(line, /^\S+ 1000\/1001 .* 1970-01-01 00:00 squashfs-root/);
    for (const [path, kind] of [
      ['', 'd'],
      ['/bin/app', '-'],
      ['/bin/sh -> tool1', 'l'],
      ['/proc', 'd'],
      ['/run/some dir/"x"', 'd'],
      ['/etc/app.conf', '-'],
    ])
      assert.ok(
        lines.some((line) => line.endsWith(`squashfs-root${path ?? ''}`) && line.startsWith(kind ?? '')),
        path,
      );
  });

  test('has the same bytes in another folder, at another time, by another user and with other processors', async () => {
    using folder = temporaryFolder();
    const root = rootIn(folder.path);
    const first = readFileSync((await made(manifestText + mounts, { root, out: folder.path })).file);
    const copy = join(folder.path, 'a/b c');
    mkdirSync(join(folder.path, 'a'), { mode: 0o755 });
    cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
    for (const name of readdirSync(join(copy, 'bin'))) if (name !== 'sh') utimesSync(join(copy, 'bin', name), 1, 1);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot)
      for (const name of readdirSync(join(copy, 'bin')))
        if (name !== 'sh') chownSync(join(copy, 'bin', name), 4321, 4321);
    const again = await made(manifestText + mounts, { root: copy, out: join(folder.path, 'second.tar') });
    assert.ok(readFileSync(again.file).equals(first));

    const wrapper = join(folder.path, 'mksquashfs-1');
    writeFileSync(
      wrapper,
      '#!/bin/sh\n[ "$1" = -version ] && exec mksquashfs -version\nexec mksquashfs "$@" -processors 1\n',
    );
    chmodSync(wrapper, 0o755);
    const before = process.env['SOURCE_DATE_EPOCH'];
    process.env['SOURCE_DATE_EPOCH'] = '1234567890';
    const slow = await made(manifestText + mounts, { root, out: join(folder.path, 'third.tar'), mksquashfs: wrapper });
    if (before === undefined) delete process.env['SOURCE_DATE_EPOCH'];
    else process.env['SOURCE_DATE_EPOCH'] = before;
    assert.ok(readFileSync(slow.file).equals(first));

    if (!isRoot) return;
    const out = join(folder.path, 'theirs');
    mkdirSync(out);
    chmodSync(out, 0o777);
    const module = join(import.meta.dirname, '../../../src/package/index.ts');
    const load = join(import.meta.dirname, '../../../src/manifest/index.ts');
    // The checkout may lie where nobody else may look: the sources are read first, and packed as the other user.
    const program = `import { pack } from ${JSON.stringify(module)}; import { loadManifest } from ${JSON.stringify(load)};
      const text = ${JSON.stringify(manifestText + mounts)}; const { manifest } = loadManifest(text, 'x');
      process.setgroups([]); process.setgid(4321); process.setuid(4321); process.chdir(${JSON.stringify(out)});
      await pack(Buffer.from(text), manifest, { root: ${JSON.stringify(root)}, out: ${JSON.stringify(out)} });`;
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: out },
    });
    assert.equal(status, 0, stderr);
    assert.ok(readFileSync(join(out, 'camera-2.1.0.tar')).equals(first));
  });

  test('of a tar archive has its files and the folders that mounts need', async () => {
    using folder = temporaryFolder();
    const tar = join(folder.path, 'root.tar');
    execFileSync('tar', ['cf', tar, '-C', rootIn(folder.path), '.']);
    const packed = await made(manifestText + mounts, { root: tar, out: folder.path });
    const paths = (await listed(packed.file)).map((line) => line.replace(/^.*squashfs-root/, ''));
    for (const path of ['/bin/app', '/bin/sh -> tool1', '/proc', '/run/some dir/"x"', '/etc/app.conf'])
      assert.ok(paths.includes(path), path);
    assert.equal(paths.length, new Set(paths).size);
    const again = await made(manifestText + mounts, { root: tar, out: join(folder.path, 'again.tar') });
    assert.ok(readFileSync(again.file).equals(readFileSync(packed.file)));
  });

  test('without a root has an image with nothing but the targets of mounts', async () => {
    using folder = temporaryFolder();
    const packed = await made(manifestText + mounts, { out: folder.path });
    const paths = (await listed(packed.file)).map((line) => line.replace(/^.*squashfs-root/, ''));
    assert.deepEqual(paths.sort(), [
      '',
      '/etc',
      '/etc/app.conf',
      '/proc',
      '/run',
      '/run/some dir',
      '/run/some dir/"x"',
    ]);
    assert.ok((await listed((await made(manifestText, { out: folder.path })).file)).length === 1);
  });

  for (const compression of ['gzip', 'zstd', 'xz', 'lz4', 'none'] as const)
    test(`is compressed with ${compression}`, async () => {
      using folder = temporaryFolder();
      const { file } = await made(manifestText, { root: rootIn(folder.path), out: folder.path, compression });
      const opened = await openPackage(file, anyone);
      assert.ok(opened.ok, refusalOf(opened));
      assert.equal(opened.contents.image?.compression, compression === 'none' ? 'gzip' : compression);
      assert.ok((await listed(file)).length > 40);
    });

  test('is the same for a root that is named by a link or begins with a hyphen', async () => {
    using folder = temporaryFolder();
    const [root, link, here] = [rootIn(folder.path), join(folder.path, 'link'), process.cwd()];
    symlinkSync(root, link);
    symlinkSync(root, join(folder.path, '-root'));
    const bytes = async (named: string): Promise<Buffer> =>
      readFileSync((await made(manifestText, { root: named, out: folder.path })).file);
    const right = await bytes(root);
    assert.ok((await bytes(link)).equals(right));
    process.chdir(folder.path);
    try {
      assert.ok((await bytes('-root')).equals(right));
    } finally {
      process.chdir(here);
    }
  });

  test('is not made inside of its own root', async () => {
    using folder = temporaryFolder();
    const root = rootIn(folder.path);
    symlinkSync(join(root, 'bin'), join(folder.path, 'link'));
    const about = { code: 'TH5013', message: `the package would be in its own root \`${root}\`` };
    for (const out of [root, join(root, 'x.tar'), join(root, 'bin'), join(folder.path, 'link'), `${root}/bin/..`])
      await assert.rejects(made(manifestText, { root, out }), about, out);
    await assert.rejects(made(manifestText, { root: join(folder.path, 'link'), out: join(root, 'bin') }), {
      code: 'TH5013',
      hint: 'name another place with -o',
    });
    assert.deepEqual(readdirSync(root), ['bin', 'etc']);
    mkdirSync(join(folder.path, 'root.out'));
    mkdirSync(join(folder.path, '..out'));
    for (const out of ['root.out', '..out']) await made(manifestText, { root, out: join(folder.path, out) });
  });

  test('leaves nothing behind, neither when it is made nor when it is not', async () => {
    using folder = temporaryFolder();
    await made(manifestText, { out: folder.path });
    assert.deepEqual(readdirSync(folder.path), ['camera-2.1.0.tar']);
    const before = readFileSync(join(folder.path, 'camera-2.1.0.tar'));
    const notTar = join(folder.path, 'x');
    writeFileSync(notTar, 'x'.repeat(2000));
    await assert.rejects(made(manifestText, { root: notTar, out: folder.path }), {
      code: 'TH5013',
      message: /as a tar archive/,
    });
    const signal = AbortSignal.abort(new Error('stopped'));
    await assert.rejects(made(manifestText, { root: rootIn(folder.path), out: folder.path, signal }));
    assert.deepEqual(readdirSync(folder.path).sort(), ['camera-2.1.0.tar', 'root', 'x']);
    assert.ok(readFileSync(join(folder.path, 'camera-2.1.0.tar')).equals(before));
  });
});

describe('pack', () => {
  test('makes no image for a root that is the host, and needs no mksquashfs for it', async () => {
    using folder = temporaryFolder();
    const text = `${manifestText}rootfs: host\n`;
    const { file } = await made(text, { out: folder.path, mksquashfs: '/nonexistent' });
    const opened = await openPackage(file, anyone);
    assert.ok(opened.ok, refusalOf(opened));
    assert.equal(opened.contents.image, undefined);
    await assert.rejects(made(text, { out: folder.path, root: folder.path }), {
      code: 'TH5013',
      message: /root is `host`/,
    });
  });

  test('says what is missing', async () => {
    using folder = temporaryFolder();
    const fake = (text: string): string => {
      const file = join(folder.path, 'fake');
      writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      chmodSync(file, 0o755);
      return file;
    };
    const refused = async (options: PackOptions, message: RegExp): Promise<void> => {
      await assert.rejects(made(manifestText, { out: folder.path, ...options }), { code: 'TH5013', message });
    };
    await refused({ mksquashfs: '/nonexistent/mksquashfs' }, /cannot start `\/nonexistent\/mksquashfs`/);
    await refused({ mksquashfs: fake('echo hello') }, /does not say which mksquashfs it is: hello/);
    await refused({ mksquashfs: fake('echo mksquashfs version 4.3') }, /is version 4\.3, at least 4\.5/);
    const dying = 'if [ "$1" = -version ]; then echo mksquashfs version 4.6.1; else echo no space >&2; exit 1; fi';
    await refused({ mksquashfs: fake(dying) }, /ended with code 1: no space/);
    await refused({ out: join(folder.path, 'missing/x.tar') }, /cannot write to `.*missing\/x\.tar`/);
    await refused({ out: join(folder.path, 'missing/') }, /there is no folder/);
    if (skip === false) await refused({ root: join(folder.path, 'missing') }, /cannot read the root/);
    assert.deepEqual(readdirSync(folder.path), ['fake']);
  });

  test('hints at the package of the distribution', async () => {
    await assert.rejects(made(manifestText, { out: '/tmp', mksquashfs: '/nonexistent' }), {
      hint: 'apt-get install squashfs-tools',
    });
  });
});
