import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { receivePackage } from '../../../src/package/index.ts';
import { writeChecksums } from '../../../src/package/checksums.ts';
import { temporaryFolder } from '../../support/folders.ts';
import {
  Sink,
  anyone,
  entry,
  header,
  judged,
  newKey,
  packageOf,
  parts,
  piecesOf,
  refusalOf,
  squashfs,
  manifestText,
} from './support.ts';
import { checksumOf } from '../../../src/package/checksums.ts';

const key = newKey();
const bytes = packageOf({ key: key.signing });
const rules = { ...anyone, keys: [key.trusted] };

async function received(changed: Buffer): Promise<string> {
  return refusalOf(await receivePackage(piecesOf(changed, 4096), new Sink(), rules, { size: 2 ** 30 }));
}

describe('a damaged package', () => {
  test('is refused when it was cut, at every byte of its metadata and some of its image', async () => {
    const image = bytes.length - 4096 - 1024;
    for (
      let length = 0;
      length < bytes.length;
      length += length < image + 600 || length > bytes.length - 600 ? 1 : 97
    ) {
      const refusal = await received(bytes.subarray(0, length));
      // So little that nothing says it is a package.
      assert.match(refusal, length < 512 ? /^TH5011 / : /^TH5005 /, `cut at ${length}: ${refusal}`);
    }
  });

  test('is refused when one byte was changed, wherever it is', async () => {
    for (let at = 0; at < bytes.length; at += at < 6000 || at > bytes.length - 1100 ? 3 : 41)
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ bit;
        const refusal = await received(changed);
        assert.match(refusal, /^TH50\d\d /, `changed at ${at}: ${refusal}`);
      }
  });

  test('is refused by what is wrong, however it is cut into pieces', async () => {
    const changed = Buffer.from(bytes);
    const at = bytes.length - 1024; // the first block of the end
    changed[at + 21] = (changed[at + 21] ?? 0) ^ 32;
    async function* source(piece: number): AsyncGenerator<Buffer> {
      await Promise.resolve();
      for (let from = 0; from < changed.length; from += piece) yield changed.subarray(from, from + piece);
    }
    for (let piece = 100; piece < 4000; piece += 7) {
      const result = await receivePackage(source(piece), new Sink(), rules, { size: 2 ** 30 });
      assert.match(refusalOf(result), /^TH5003 /, `in pieces of ${piece}`);
    }
  });

  test('is refused as a file as it is as a stream', async () => {
    using folder = temporaryFolder();
    for (const at of [0, 130, 600, 1100, 2100, 2700, 4200, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 4;
      const result = await judged(folder.path, changed, rules, 65_536);
      assert.equal(refusalOf(result.opened), refusalOf(result.received), `changed at ${at}`);
    }
  });

  test('harms nobody, whatever was done to it', async () => {
    const blocks = bytes.length / 512;
    const place = fc.integer({ min: 0, max: bytes.length - 1 });
    const block = fc.integer({ min: 0, max: blocks - 1 });
    const change = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), at: place, to: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
      fc.record({ kind: fc.constant('cut' as const), at: block, count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('copy' as const), at: block, from: block }),
      fc.record({ kind: fc.constant('insert' as const), at: place, to: fc.uint8Array({ maxLength: 600 }) }),
    );
    const mutated = (changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[]): Buffer => {
      let made = Buffer.from(bytes);
      for (const one of changes) {
        const at = one.kind === 'set' || one.kind === 'insert' ? one.at : one.at * 512;
        if (one.kind === 'set') Buffer.from(one.to).copy(made, Math.min(at, made.length));
        else if (one.kind === 'copy')
          made.copy(made, Math.min(at, made.length), Math.min(one.from * 512, made.length), one.from * 512 + 512);
        else {
          const gone = one.kind === 'cut' ? one.count * 512 : 0;
          const added = one.kind === 'insert' ? Buffer.from(one.to) : Buffer.alloc(0);
          made = Buffer.concat([made.subarray(0, at), added, made.subarray(at + gone)]);
        }
      }
      return made;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const made = mutated(changes);
        const refusal = await received(made);
        if (made.equals(bytes)) assert.equal(refusal, 'accepted');
        else assert.match(refusal, /^TH50\d\d /);
      }),
      { numRuns: 400, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
    );
  });
});

describe('a stream', () => {
  test('that lies about 8 GiB is held in no memory', async () => {
    const size = 8 ** 11 - 4096;
    const sums = { manifest: checksumOf(Buffer.from(manifestText)), image: { sha256: '0'.repeat(64), size } };
    const { checksums, manifest, padding } = parts({ checksums: writeChecksums(sums) });
    const given = 512 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024);
    let most = 0;
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(
        Buffer.concat([checksums, manifest, padding, header('rootfs.squashfs', size), squashfs()]),
      );
      for (let sent = 0; sent < given; sent += piece.length) {
        most = Math.max(most, process.memoryUsage().rss);
        yield piece;
      }
    };
    const before = process.memoryUsage().rss;
    const sink = new Sink();
    const result = await receivePackage(source(), sink, anyone, { size: 2 ** 34 });
    assert.match(refusalOf(result), /^TH5005 .*inside of `rootfs\.squashfs`/);
    assert.ok(sink.written > given);
    assert.ok(most - before < 128 * 1024 * 1024, `${(most - before) / 1024 / 1024} MiB more`);
  });

  test('above the limit is refused by what its header says, before it is sent', async () => {
    const sink = new Sink();
    const image = squashfs({ size: 1024 * 1024 });
    const result = await receivePackage(piecesOf(packageOf({ image }), 4096), sink, anyone, { size: 100_000 });
    assert.match(refusalOf(result), /^TH5008 the package has at least 1.0 MiB, at most 98 KiB/);
    assert.ok(sink.written < 40_000, `${sink.written} bytes were written`);
  });

  test(
    'without a signature is refused after the first pieces, though the sender has stopped sending',
    { timeout: 20_000 },
    async () => {
      const { checksums, manifest } = parts();
      const source = async function* (): AsyncGenerator<Buffer> {
        yield await Promise.resolve(Buffer.concat([checksums, manifest]));
        await new Promise(() => undefined);
      };
      const result = await receivePackage(source(), new Sink(), { keys: [], requireSignature: true }, { size: 1e6 });
      assert.match(refusalOf(result), /^TH5001 the package is not signed/);
    },
  );

  test('that breaks, and a disk that is full, are no faults of the package', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(bytes.subarray(0, 3000));
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    };
    await assert.rejects(receivePackage(broken(), new Sink(), anyone, { size: 1e6 }), { code: 'ECONNRESET' });
    const full = new Sink();
    full.write = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await assert.rejects(receivePackage(piecesOf(bytes, 512), full, anyone, { size: 1e6 }), { code: 'ENOSPC' });
  });

  test('is written as it came', async () => {
    const sink = new Sink(true);
    const result = await receivePackage(piecesOf(bytes, 333), sink, rules, { size: 1e6 });
    assert.ok(result.ok, refusalOf(result));
    assert.equal(result.manifest.signer, key.trusted.id);
    assert.deepEqual(Buffer.concat(sink.kept), bytes);
  });

  test('of more than its entries is not read on after its end', async () => {
    let asked = 0;
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(bytes);
      for (; asked < 1000; asked++) yield entry('x', 'x');
    };
    assert.match(
      refusalOf(await receivePackage(source(), new Sink(), anyone, { size: 1e9 })),
      /^TH5004 the package goes on/,
    );
    assert.ok(asked < 10);
  });
});
