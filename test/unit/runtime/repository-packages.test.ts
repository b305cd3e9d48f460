import assert from 'node:assert/strict';
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { VerifiedPackages, signManifest } from '../../../src/package/index.ts';
import { RepositoryFolder, VerifiedFile, type Look } from '../../../src/runtime/repository/index.ts';
import { subjectOf } from '../../../src/runtime/repository/load-file.ts';
import { ReadQueue } from '../../../src/runtime/repository/read-queue.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { newKey, packageOf, squashfs } from '../package/support.ts';

const SETTLE = 500;
const plain = 'name: plain\nversion: 1.0.0\nuid: 1000\ngid: 1000\nrootfs: host\ninit: /bin/true\n';

class Bench implements Disposable {
  readonly #temporary = temporaryFolder();
  readonly clock = new ManualClock();
  readonly dir = this.#temporary.path;
  readonly vendor = newKey();
  readonly stranger = newKey();
  readonly verified = new VerifiedPackages();
  readonly keyFile = join(this.dir, 'vendor.pub');

  constructor() {
    this.setKey(this.vendor);
  }

  setKey({ publicKey }: ReturnType<typeof newKey>): void {
    writeFileSync(this.keyFile, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 });
  }

  write(name: string, content: string | Buffer): string {
    const path = join(this.dir, name);
    writeFileSync(path, content, { mode: 0o644 });
    return path;
  }

  folder(options: { requireSignature?: boolean; keys?: boolean; patience?: number } = {}): RepositoryFolder {
    const { requireSignature = true, keys = true, patience = Infinity } = options;
    const keyFiles = keys ? [this.keyFile] : [];
    const { clock, verified } = this;
    return new RepositoryFolder(this.dir, { settle: SETTLE, clock, verified, keyFiles, requireSignature, patience });
  }

  /** What is in force once everything has held still: `name`, or the code of what is wrong. */
  async told(folder: RepositoryFolder): Promise<string[]> {
    await folder.look();
    await this.clock.advance(SETTLE);
    return contentOf(await folder.look());
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

function contentOf({ files, problem }: Look): string[] {
  if (problem !== undefined) return [problem.code];
  return files.map((one) =>
    'diagnostics' in one ? (one.diagnostics[0]?.code ?? '') : `${one.manifest.name} ${one.signer ?? 'nobody'}`,
  );
}

describe('signatures in a folder', () => {
  const rules: [
    what: string,
    rules: { requireSignature: boolean; keys: boolean },
    told: (ids: [string, string]) => string[],
  ][] = [
    // in the order of the files: no.tar, no.yaml, stranger.tar, vendor.tar
    ['required', { requireSignature: true, keys: true }, ([vendor]) => ['TH5001', 'TH5001', 'TH5002', `d ${vendor}`]],
    [
      'not required',
      { requireSignature: false, keys: true },
      ([vendor]) => ['a nobody', 'plain nobody', 'TH5002', `d ${vendor}`],
    ],
    [
      'without keys',
      { requireSignature: false, keys: false },
      () => ['a nobody', 'plain nobody', 'c nobody', 'd nobody'],
    ],
    ['required without keys', { requireSignature: true, keys: false }, () => ['TH5001', 'TH5001', 'TH5002', 'TH5002']],
  ];
  const text = (name: string): string => `name: ${name}\nversion: 1.0.0\ninit: /bin/app\nuid: 1000\ngid: 1001\n`;
  for (const [what, options, told] of rules)
    test(`${what}: each file by its own`, async () => {
      using bench = new Bench();
      bench.write('no.tar', packageOf({ manifest: text('a') }));
      bench.write('no.yaml', plain);
      bench.write('stranger.tar', packageOf({ manifest: text('c'), key: bench.stranger.signing }));
      bench.write('vendor.tar', packageOf({ manifest: text('d'), key: bench.vendor.signing }));
      assert.deepEqual(
        await bench.told(bench.folder(options)),
        told([bench.vendor.signing.id, bench.stranger.signing.id]),
      );
    });

  test('of a plain manifest count as soon as they are there, and no longer', async () => {
    using bench = new Bench();
    const folder = bench.folder();
    const file = bench.write('a.yaml', plain);
    assert.deepEqual(await bench.told(folder), ['TH5001']);
    bench.write('a.yaml.sig', signManifest(readFileSync(file), bench.vendor.signing));
    assert.deepEqual(await bench.told(folder), [`plain ${bench.vendor.signing.id}`]);
    bench.write('a.yaml', `${plain}# changed\n`);
    assert.deepEqual(await bench.told(folder), ['TH5001']);
    bench.write('a.yaml.sig', signManifest(readFileSync(file), bench.stranger.signing));
    assert.deepEqual(await bench.told(folder), ['TH5002']);
    rmSync(`${file}.sig`);
    assert.deepEqual(await bench.told(folder), ['TH5001']);
  });

  test('are judged anew at the next look when the keys are others', async () => {
    using bench = new Bench();
    const folder = bench.folder();
    bench.write('a.tar', packageOf({ key: bench.vendor.signing }));
    assert.deepEqual(await bench.told(folder), [`camera ${bench.vendor.signing.id}`]);
    bench.setKey(bench.stranger);
    assert.deepEqual(contentOf(await folder.look()), ['TH5002']);
    bench.setKey(bench.vendor);
    assert.deepEqual(contentOf(await folder.look()), [`camera ${bench.vendor.signing.id}`]);
    assert.equal(bench.verified.additions, 1, 'nothing was hashed again');
  });

  const broken: [what: string, spoil: (file: string) => void, code: string][] = [
    ['is gone', rmSync, 'TH5012'],
    [
      'holds none',
      (file) => {
        writeFileSync(file, 'none');
      },
      'TH5012',
    ],
    [
      'may be written by others',
      (file) => {
        chmodSync(file, 0o666);
      },
      'TH5010',
    ],
  ];
  for (const [what, spoil, code] of broken)
    test(`make the folder unusable when the key ${what}, and it is used again when that is over`, async () => {
      using bench = new Bench();
      const folder = bench.folder();
      bench.write('a.tar', packageOf({ key: bench.vendor.signing }));
      await bench.told(folder);
      spoil(bench.keyFile);
      assert.deepEqual(contentOf(await folder.look()), [code]);
      chmodSync(bench.write('vendor.pub', ''), 0o644);
      bench.setKey(bench.vendor);
      assert.deepEqual(contentOf(await folder.look()), [`camera ${bench.vendor.signing.id}`]);
    });
});

describe('a package that takes long to hash', () => {
  test('holds up neither the look nor the files beside it', async () => {
    using bench = new Bench();
    const folder = bench.folder({ keys: false, requireSignature: false, patience: 1 });
    const file = bench.write('a.tar', packageOf({ image: squashfs({ size: 64 * 1024 * 1024 }) }));
    bench.write('b.yaml', plain);
    await folder.look();
    await bench.clock.advance(SETTLE);
    const look = await folder.look();
    assert.deepEqual([contentOf(look), look.unsettled], [['plain nobody'], [file]]);
    assert.ok(folder.isReading);
    await folder.read();
    const last = await folder.look();
    assert.deepEqual([contentOf(last), last.unsettled], [['camera nobody', 'plain nobody'], []]);
  });

  for (const patience of [1, Infinity])
    test(`is there all the time while it is renamed, once, with a patience of ${patience} ms`, async () => {
      using bench = new Bench();
      const folder = bench.folder({ keys: false, requireSignature: false, patience });
      const file = bench.write('a.tar', packageOf({ image: squashfs({ size: 64 * 1024 * 1024 }) }));
      await folder.look();
      await bench.clock.advance(SETTLE);
      await folder.look();
      await folder.read();
      renameSync(file, join(bench.dir, 'b.tar'));
      await folder.look();
      await bench.clock.advance(SETTLE);
      assert.deepEqual(contentOf(await folder.look()), ['camera nobody']);
      await folder.read();
      const last = await folder.look();
      assert.deepEqual([last.files.map((one) => one.file), last.unsettled], [[join(bench.dir, 'b.tar')], []]);
    });

  test('counts as what it is when it has come to its end, not as what it was', async () => {
    using bench = new Bench();
    const folder = bench.folder({ keys: false, requireSignature: false, patience: 1 });
    bench.write('a.tar', packageOf({ image: squashfs({ size: 64 * 1024 * 1024 }) }));
    await folder.look();
    await bench.clock.advance(SETTLE);
    await folder.look();
    bench.write('a.tar', 'something else');
    await folder.read();
    assert.deepEqual(contentOf(await folder.look()), []);
    await bench.clock.advance(SETTLE);
    await folder.look();
    await folder.read();
    assert.deepEqual(contentOf(await folder.look()), ['TH5011']);
  });

  test('that is put into its place as a whole counts at once, and is gone at once', async () => {
    using bench = new Bench();
    const folder = bench.folder({ keys: false, requireSignature: false });
    await folder.look();
    const file = bench.write('a.tar', packageOf());
    await folder.settle('a.tar');
    const look = await folder.look();
    assert.deepEqual([contentOf(look), look.unsettled], [['camera nobody'], []]);
    rmSync(file);
    await folder.settle('a.tar');
    const gone = await folder.look();
    assert.deepEqual([contentOf(gone), gone.unsettled], [[], []]);
  });
});

describe('what was verified', () => {
  test('is there for the next daemon of this boot only, and harms nothing when it is damaged', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'verified.json');
    const problems: string[] = [];
    const open = (isSuccessor = true): VerifiedFile =>
      new VerifiedFile(path, isSuccessor, ({ code }) => problems.push(code));
    const first = open();
    const identity = { dev: '1', ino: '2', size: '3', ctime_ns: '4' };
    const digest = 'a'.repeat(64);
    first.packages.add(identity, digest);
    first.save();
    assert.ok(open().packages.has(identity, digest));
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"boot":"./, '"boot":"x'));
    assert.ok(!open().packages.has(identity, digest));
    assert.deepEqual(problems, []);
    for (const damaged of ['', 'null', '[]', '{"boot":', text.slice(0, -3)]) {
      writeFileSync(path, damaged);
      assert.ok(!open().packages.has(identity, digest));
    }
    writeFileSync(path, text);
    chmodSync(path, 0o666);
    assert.ok(!open().packages.has(identity, digest));
    assert.deepEqual([...new Set(problems)], ['TH7008']);
    chmodSync(path, 0o600);
    assert.ok(open().packages.has(identity, digest));
    assert.ok(!open(false).packages.has(identity, digest), 'of a daemon that begins anew');
    assert.ok(!open().packages.has(identity, digest), 'nor of who follows on that one');
  });

  test('is told once when it cannot be kept', () => {
    using folder = temporaryFolder();
    const problems: string[] = [];
    const file = new VerifiedFile(join(folder.path, 'missing', 'verified.json'), true, ({ code }) =>
      problems.push(code),
    );
    for (const ino of ['1', '2']) {
      file.packages.add({ dev: '1', ino, size: '3', ctime_ns: '4' }, 'a'.repeat(64));
      file.save();
    }
    assert.deepEqual(problems, ['TH4006']);
  });
});

describe('the queue of reads', () => {
  test('reads each once, in order, and is idle again', async () => {
    const read: string[] = [];
    const queue = new ReadQueue(async (name) => {
      await Promise.resolve();
      read.push(name);
    });
    queue.add('a');
    queue.add('b');
    queue.add('a');
    await queue.done();
    assert.deepEqual([read, queue.isIdle], [['a', 'b'], true]);
    queue.add('c');
    await queue.done();
    assert.deepEqual(read, ['a', 'b', 'c']);
  });
});

test('a signature is about the file that it signs', () => {
  const subjects = ['a.yaml', 'a.tar', 'a.yaml.sig', 'a.tar.sig', '.a.yaml.sig', 'a.sig', '.a.part', 'a.yaml.new'].map(
    subjectOf,
  );
  assert.deepEqual(subjects, ['a.yaml', 'a.tar', 'a.yaml', undefined, undefined, undefined, undefined, undefined]);
});
