import assert from 'node:assert/strict';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { Catalogue } from '../../../src/runtime/catalogue.ts';
import type { DaemonOptions } from '../../../src/runtime/daemon-options.ts';
import { EventHistory } from '../../../src/runtime/event-history.ts';
import { Packages } from '../../../src/runtime/packages/index.ts';
import type { PackageParts } from '../../../src/runtime/packages/place.ts';
import { Repositories, VerifiedFile } from '../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { newKey, packageOf, piecesOf } from '../package/support.ts';

const NAME = 'camera-2.1.0.tar';

/** Packages of a real folder, in a daemon that does only what is said after a package has its name. */
class Bench implements Disposable {
  readonly #temporary = temporaryFolder();
  readonly dir = this.#temporary.path;
  readonly keyFile = join(this.dir, 'vendor.pub');
  readonly bytes: Buffer;
  readonly log: string[] = [];
  readonly fleet = { catalogue: new Catalogue(), isClosing: false };
  bring: () => Awaited<ReturnType<PackageParts['bring']>> = () => ({ outcome: undefined, rejected: [] });
  readonly history = new EventHistory(100);
  readonly packages: Packages;

  constructor() {
    const { publicKey, signing } = newKey();
    writeFileSync(this.keyFile, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 });
    this.bytes = packageOf({ key: signing });
    const repositories = { default: { dir: this.dir, keys: [this.keyFile], requireSignature: true } };
    const options = {
      repositories,
      installSize: 2 ** 20,
      installPatience: 0.8,
      log: (level: string, message: string) => this.log.push(`${level} ${message}`),
    } as unknown as DaemonOptions;
    const verified = new VerifiedFile(join(this.dir, 'verified.json'), false, (error) => {
      throw error;
    });
    this.packages = new Packages({
      options,
      fleet: this.fleet as unknown as PackageParts['fleet'],
      history: this.history,
      repositories: new Repositories(repositories, { settle: 0 }, verified),
      bring: () => Promise.resolve().then(() => this.bring()),
    });
  }

  install(bytes: AsyncIterable<Uint8Array> = piecesOf(this.bytes, 4096)): Promise<unknown> {
    return this.packages.install('default', bytes);
  }

  get files(): string[] {
    return readdirSync(this.dir).filter((name) => name !== 'vendor.pub');
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

describe('a package that is refused when it has its name', () => {
  test('because a key went away meanwhile is taken back', async () => {
    using bench = new Bench();
    const { keyFile, bytes } = bench;
    async function* source(): AsyncGenerator<Buffer> {
      yield* piecesOf(bytes.subarray(0, -1024), 4096);
      rmSync(keyFile);
      yield bytes.subarray(-1024);
    }
    await assert.rejects(bench.install(source()), { code: 'TH5012' });
    assert.deepEqual(bench.files, []);
  });

  test('because the daemon could not look is taken back', async () => {
    using bench = new Bench();
    bench.bring = () => {
      throw new Error('no look');
    };
    await assert.rejects(bench.install(), { message: 'no look' });
    assert.deepEqual(bench.files, []);
  });

  test('with all that is wrong with the folder, which is used by nobody now', async () => {
    using bench = new Bench();
    const message = 'the repository is not used';
    const place = { file: bench.dir, line: 1, column: 1, length: 1, path: '' };
    const diagnostics = [{ code: 'TH5012', severity: 'error', message, ...place } as const];
    bench.bring = () => ({ outcome: undefined, rejected: [{ file: bench.dir, diagnostics }] });
    await assert.rejects(bench.install(), { code: 'TH5012', message });
    assert.deepEqual(bench.files, []);
  });

  test('because the daemon ends stays: the next one takes it', async () => {
    using bench = new Bench();
    bench.bring = () => {
      bench.fleet.isClosing = true;
      return { outcome: undefined, rejected: [] };
    };
    await assert.rejects(bench.install(), { code: 'TH6014' });
    assert.deepEqual(bench.files, [NAME]);
  });

  test('and was removed by hand says so', async () => {
    using bench = new Bench();
    const file = join(bench.dir, NAME);
    bench.bring = () => {
      rmSync(file);
      return { outcome: undefined, rejected: [] };
    };
    await assert.rejects(bench.install(), {
      code: 'TH5003',
      message: `\`${file}\` was removed or replaced while it was installed`,
    });
    assert.deepEqual([bench.files, bench.log], [[], []]);
  });

  test('is not taken back when it is somebody else’s by now', async () => {
    using bench = new Bench();
    bench.bring = () => {
      writeFileSync(join(bench.dir, 'other'), 'other');
      renameSync(join(bench.dir, 'other'), join(bench.dir, NAME));
      throw new ThubanError('TH5007', 'another one');
    };
    await assert.rejects(bench.install(), { code: 'TH5007' });
    assert.deepEqual(bench.files, [NAME]);
  });
});

describe('a package that waits for others', () => {
  /** Comes to its end with nothing. */
  async function* slow(go: Promise<void>): AsyncGenerator<Buffer> {
    yield* [];
    await go;
  }

  function codeOf(installed: Promise<unknown>): Promise<unknown> {
    return installed.catch((error: unknown) => (error as ThubanError).code);
  }

  test('is refused when none of them comes to its end', async () => {
    using bench = new Bench();
    let go = (): void => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const slowOnes = Promise.all(Array.from({ length: 4 }, () => codeOf(bench.install(slow(gone)))));
    const begun = performance.now();
    await assert.rejects(bench.install(), { code: 'TH6007', message: /^4 packages are being installed already/ });
    assert.ok(performance.now() - begun >= 790);
    go();
    assert.deepEqual(await slowOnes, ['TH5011', 'TH5011', 'TH5011', 'TH5011']);
  });

  test('waits on while one after the other does', async () => {
    using bench = new Bench();
    const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const others = Array.from({ length: 24 }, (_, i) => codeOf(bench.install(slow(after((i + 1) * 100)))));
    // Its turn comes: it has its name, and nobody lists it.
    const all = await Promise.all([...others, codeOf(bench.install())]);
    assert.deepEqual(all, [...others.map(() => 'TH5011'), 'TH5003']);
  });

  test('is told when the daemon ends', async () => {
    using bench = new Bench();
    const never = new Promise<void>(() => undefined);
    const all = Promise.all(Array.from({ length: 5 }, () => codeOf(bench.install(slow(never)))));
    await bench.packages.close();
    assert.deepEqual(new Set(await all), new Set(['TH6014']));
  });
});
