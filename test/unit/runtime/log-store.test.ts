import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LogStores, type LogStore } from '../../../src/runtime/log-store.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { linesOf, logLimits, readAll, sizes } from '../../support/logs.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ID = 'camera:1.0.0';
const TIME = '2026-01-31T10:00:00.000Z';

function fill(store: LogStore, lines: number, from = 0): void {
  for (let i = from; i < from + lines; i++) store.write('stdout', Buffer.from(`line ${i}\n`));
}

describe('the files of a log', () => {
  test('hold the bytes of the program, in the format of the container runtime interface', async () => {
    using top = temporaryFolder();
    const stores = new LogStores(join(top.path, 'logs'), logLimits, { clock: new ManualClock() });
    const store = stores.open(ID);
    assert.equal(store.write('stdout', Buffer.from('one\ntwo\n\nbegun')), true);
    store.write('stderr', Buffer.from([0xff, 0x00, 0x0d, 0x0a]));
    store.write('stdout', Buffer.from(' ended\n'));
    store.remark('the daemon\nwas replaced');
    const folder = join(top.path, 'logs/camera@1.0.0');
    assert.deepEqual(readdirSync(folder), ['0']);
    assert.equal(
      readFileSync(join(folder, '0'), 'latin1'),
      `${TIME} stdout F one\n${TIME} stdout F two\n${TIME} stdout F \n${TIME} stdout P begun\n` +
        `${TIME} stderr F \xff\0\r\n${TIME} stdout F  ended\n${TIME} thuban F the daemon was replaced\n`,
    );
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, '0')).mode & 0o777, 0o600);
    assert.deepEqual(await readAll(store), [
      { time: TIME, stream: 'stdout', line: 'one' },
      { time: TIME, stream: 'stdout', line: 'two' },
      { time: TIME, stream: 'stdout', line: '' },
      { time: TIME, stream: 'stderr', line: '\ufffd\0\r' },
      { time: TIME, stream: 'stdout', line: 'begun ended' },
      { time: TIME, stream: 'thuban', line: 'the daemon was replaced' },
    ]);
    store.close();
  });

  test('are not made before there is something to keep', () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    store.end('stdout');
    store.close();
    assert.deepEqual(readdirSync(top.path), []);
  });

  test('never take more than they may, and the newest lines are always there', async () => {
    using top = temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 512, max: 5000 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 60 }),
        async (size, files, lengths) => {
          const folder = join(top.path, String(run++));
          const store = new LogStores(folder, { ...logLimits, size, files }).open(ID);
          lengths.forEach((length, i) => {
            store.write('stdout', Buffer.from(`${i} ${'x'.repeat(length)}\n`));
            const { total, largest, files: present } = sizes(join(folder, 'camera@1.0.0'));
            assert.ok(total <= size * files && largest <= size && present <= files, `${total} in ${present}`);
          });
          const last = (await readAll(store)).at(-1)?.line ?? '';
          assert.ok(last === '' ? lengths.length === 0 : /x$|^\d+ $/.test(last));
          store.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('are numbered ever upward', () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 512, files: 2 }).open(ID);
    fill(store, 60);
    const [first, second] = readdirSync(join(top.path, 'camera@1.0.0')).map(Number);
    assert.ok(first !== undefined && first >= 3 && second === first + 1, `${first} and ${second}`);
    store.close();
  });
});

describe('lines', () => {
  test('come back as they were, however the bytes came', async () => {
    using top = temporaryFolder();
    let run = 0;
    const piece = fc.tuple(
      fc.constantFrom('stdout' as const, 'stderr' as const),
      fc.array(fc.constantFrom(0x0a, 0x20, 0x41, 0xc3, 0xa4, 0xff, 0x00), { maxLength: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const store = new LogStores(join(top.path, String(run++)), logLimits).open(ID);
        const written = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
        for (const [stream, bytes] of pieces) {
          store.write(stream, Buffer.from(bytes));
          written[stream] = Buffer.concat([written[stream], Buffer.from(bytes)]);
        }
        const unfinished = (await readAll(store)).filter(({ partial }) => partial);
        store.end('stdout');
        store.end('stderr');
        const records = await readAll(store);
        for (const stream of ['stdout', 'stderr'] as const) {
          const lines = written[stream].toString('latin1').split('\n');
          const hasEnd = lines.at(-1) === '';
          if (hasEnd) lines.pop();
          const expected = lines.map((line) => Buffer.from(line, 'latin1').toString());
          assert.deepEqual(
            records.filter((record) => record.stream === stream).map(({ line }) => line),
            expected,
          );
          assert.deepEqual(
            unfinished.filter((record) => record.stream === stream).map(({ line }) => line),
            hasEnd ? [] : expected.slice(-1),
          );
        }
        assert.ok(records.every(({ partial }) => partial === undefined));
        store.close();
      }),
      { numRuns: 100 },
    );
  });

  test('that are too long are cut, between characters, and say that they go on', async () => {
    using top = temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 40 }),
        fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.replaceAll('\n', '')),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        async (max, text, steps) => {
          const store = new LogStores(join(top.path, String(run++)), { ...logLimits, max_line: max }).open(ID);
          const bytes = Buffer.from(`${text}\n`);
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const next = at + (steps[i % steps.length] ?? 1);
            store.write('stderr', bytes.subarray(at, next));
            at = next;
          }
          const records = await readAll(store);
          assert.equal(records.map(({ line }) => line).join(''), Buffer.from(text).toString());
          assert.ok(records.every(({ line }) => Buffer.byteLength(line) <= max));
          assert.deepEqual(
            records.map(({ partial }) => partial === true),
            records.map((_, i) => i < records.length - 1),
          );
          store.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  test('that are unfinished end with their stream, and the next run begins with a line of its own', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    store.write('stdout', Buffer.from('password: '));
    assert.deepEqual(await linesOf(store), ['stdout| password: ']);
    store.end('stdout');
    store.end('stdout');
    store.write('stdout', Buffer.from('hello\n'));
    assert.deepEqual(await linesOf(store), ['stdout password: ', 'stdout hello']);
    store.close();
  });

  test('of one stream do not end those of the other', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    store.write('stdout', Buffer.from('a'));
    store.write('stderr', Buffer.from('x'));
    store.write('stdout', Buffer.from('b\n'));
    store.remark('!');
    store.write('stderr', Buffer.from('y\n'));
    assert.deepEqual(await linesOf(store), ['stdout ab', 'thuban !', 'stderr xy']);
    store.close();
  });
});

describe('what an earlier daemon wrote', () => {
  test('is there, and a line that it began goes on', async () => {
    using top = temporaryFolder();
    const first = new LogStores(top.path, logLimits).open(ID);
    first.write('stdout', Buffer.from('one\ntw'));
    first.close();
    const second = new LogStores(top.path, logLimits).open(ID);
    second.write('stdout', Buffer.from('o\n'));
    assert.deepEqual(await linesOf(second), ['stdout one', 'stdout two']);
    second.close();
  });

  test('is ended when its program has ended meanwhile', async () => {
    using top = temporaryFolder();
    const first = new LogStores(top.path, logLimits).open(ID);
    first.write('stdout', Buffer.from('unfinished'));
    first.write('stderr', Buffer.from('finished\n'));
    first.close();
    const second = new LogStores(top.path, logLimits).open(ID);
    second.end('stdout');
    second.end('stderr');
    second.write('stdout', Buffer.from('next\n'));
    assert.deepEqual(await linesOf(second), ['stderr finished', 'stdout unfinished', 'stdout next']);
    second.close();
  });

  test('is repaired where it stopped in the middle of a record', async () => {
    using top = temporaryFolder();
    const file = join(top.path, 'camera@1.0.0/0');
    for (const torn of [`${TIME} stdo`, `${TIME} stdout F half`, 'x'.repeat(200_000)]) {
      rmSync(join(top.path, 'camera@1.0.0'), { recursive: true, force: true });
      const first = new LogStores(top.path, logLimits).open(ID);
      first.write('stdout', Buffer.from('whole\n'));
      first.close();
      appendFileSync(file, torn);
      const second = new LogStores(top.path, logLimits).open(ID);
      second.write('stdout', Buffer.from('next\n'));
      assert.deepEqual(await linesOf(second), ['stdout whole', 'stdout next']);
      second.close();
    }
    writeFileSync(file, 'x'.repeat(200_000));
    const store = new LogStores(top.path, logLimits).open(ID);
    assert.deepEqual(await linesOf(store), []);
    store.close();
  });

  test('is cut to what is allowed now', () => {
    using top = temporaryFolder();
    const first = new LogStores(top.path, { ...logLimits, size: 1000, files: 5 }).open(ID);
    fill(first, 200);
    first.close();
    const second = new LogStores(top.path, { ...logLimits, size: 1000, files: 2 }).open(ID);
    assert.equal(sizes(join(top.path, 'camera@1.0.0')).files, 2);
    second.close();
  });

  test('is told to be damaged where it is, and the rest is read', async () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'camera@1.0.0');
    mkdirSync(folder);
    writeFileSync(join(folder, '0'), `${TIME} stdout F one\nnonsense\n${TIME} other F x\n${TIME} stdout F two\n`);
    const store = new LogStores(top.path, logLimits).open(ID);
    const left = 'thuban a damaged record was left out';
    assert.deepEqual(await linesOf(store), ['stdout one', left, left, 'stdout two']);
    rmSync(join(folder, '0'));
    assert.deepEqual(await linesOf(store), ['thuban 120 B lost: the file is gone']);
    store.close();
  });
});
