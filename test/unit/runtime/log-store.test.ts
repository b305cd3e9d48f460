import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ThubanError } from '../../../src/base/index.ts';
import { LogStores, type LogStore } from '../../../src/runtime/log-store.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { linesOf, logLimits, readAll } from '../../support/logs.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ID = 'camera:1.0.0';
const TIME = '2026-01-31T10:00:00.000Z';

/** Bytes of all files of a folder's log, and the size of the largest. */
function sizes(folder: string): { total: number; largest: number; files: number } {
  const all = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  return { total: all.reduce((a, b) => a + b, 0), largest: Math.max(0, ...all), files: all.length };
}

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

describe('the logs of all containers', () => {
  test('share the space, and make room when there are more of them', () => {
    using top = temporaryFolder();
    const limits = { ...logLimits, size: 4000, files: 2, total_size: 16_000 };
    const stores = new LogStores(top.path, limits);
    const ids = Array.from({ length: 8 }, (_, i) => `c${i}:1.0.0`);
    const total = (): number => readdirSync(top.path).reduce((sum, name) => sum + sizes(join(top.path, name)).total, 0);
    for (const id of ids) {
      fill(stores.open(id), 300);
      assert.ok(total() <= limits.total_size, `${total()} bytes`);
    }
    for (const id of ids) fill(stores.open(id), 300);
    assert.ok(total() <= limits.total_size && total() > limits.total_size / 2, `${total()} bytes`);
    for (const id of ids.slice(1)) stores.remove(id);
    const store = stores.open(ids[0] ?? '');
    fill(store, 300);
    assert.ok(total() > 4000, 'whoever is left has its full share again');
    store.close();
  });

  test('are one object each while they are open, and are gone when removed or swept', async () => {
    using top = temporaryFolder();
    const stores = new LogStores(top.path, logLimits);
    const [a, b, c] = ['a:1.0.0', 'b:1.0.0', 'c:1.0.0'].map((id) => stores.open(id));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    assert.equal(stores.open('a:1.0.0'), a);
    for (const store of [a, b, c]) store.remark('here');
    stores.remove('a:1.0.0');
    assert.deepEqual(readdirSync(top.path).sort(), ['b@1.0.0', 'c@1.0.0']);
    assert.deepEqual(await linesOf(stores.open('a:1.0.0')), []);
    b.close();
    mkdirSync(join(top.path, 'd@1.0.0'));
    mkdirSync(join(top.path, 'e@1.0.0'));
    writeFileSync(join(top.path, 'file'), '');
    stores.open('a:1.0.0').remark('again');
    const next = new LogStores(top.path, logLimits);
    next.open('a:1.0.0');
    next.sweep(new Set(['b:1.0.0', 'd:1.0.0']));
    assert.deepEqual(readdirSync(top.path).sort(), ['a@1.0.0', 'b@1.0.0', 'd@1.0.0', 'file']);
    for (const id of ['a:1.0.0', 'c:1.0.0']) stores.open(id).close();
    new LogStores(join(top.path, 'missing'), logLimits).sweep(new Set());
  });

  test('have different folders, whatever the ids are', () => {
    using top = temporaryFolder();
    const stores = new LogStores(top.path, logLimits);
    const long = 'x'.repeat(1024);
    const ids = [`${long}:1.0.0`, `${long}y:1.0.0`, '..:1.0.0', '.a:1.0.0', 'a:1.0.0', 'A:1.0.0', 'a/b:1', 'a@1:1'];
    for (const id of ids) {
      const store = stores.open(id);
      store.remark(id);
      store.close();
    }
    const names = readdirSync(top.path);
    assert.equal(names.length, ids.length);
    assert.ok(names.every((name) => !name.startsWith('.') && name.length <= 200));
    assert.ok(names.includes('a@1.0.0'));
  });

  test('are closed with their descriptors', () => {
    using top = temporaryFolder();
    const before = readdirSync('/proc/self/fd').length;
    const stores = new LogStores(top.path, { ...logLimits, size: 512 });
    for (const id of ['a:1.0.0', 'b:1.0.0']) {
      const store = stores.open(id);
      fill(store, 100);
      store.close();
      store.write('stdout', Buffer.from('late\n'));
      store.remark('late');
      store.end('stdout');
    }
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});

describe('a log that cannot be written', () => {
  test('loses lines, tells it once, and says how many when it can be again', async () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'logs');
    writeFileSync(folder, 'in the way');
    const problems: ThubanError[] = [];
    const stores = new LogStores(folder, logLimits, { onProblem: (error) => problems.push(error) });
    const [store, other] = [stores.open(ID), stores.open('other:1.0.0')];
    assert.equal(problems.length, 1);
    assert.equal(store.write('stdout', Buffer.from('one\ntwo\nthr')), true);
    store.write('stdout', Buffer.from('ee\nfo'));
    store.remark('not counted');
    other.write('stdout', Buffer.from('one\n'));
    assert.deepEqual(await linesOf(store), []);
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message.includes(folder)]),
      [['TH4006', true]],
    );
    rmSync(folder);
    store.write('stdout', Buffer.from('ur\nfive\n'));
    other.end('stdout');
    other.write('stdout', Buffer.from('two\n'));
    const lost = 'lost: the log could not be written';
    assert.deepEqual(await linesOf(store), [`thuban 3 lines ${lost}`, 'stdout ur', 'stdout five']);
    assert.deepEqual(await linesOf(other), [`thuban 1 line ${lost}`, 'stdout two']);

    // A second time is told anew.
    store.close();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    const again = stores.open(ID);
    again.write('stdout', Buffer.from('lost\n'));
    assert.equal(problems.length, 2);
    assert.ok(!existsSync(join(folder, 'camera@1.0.0')));
    again.close();
    other.close();
  });

  test('does not join the beginning of a line with another one when its end was lost', async () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'logs');
    const store = new LogStores(folder, { ...logLimits, size: 1024 }).open(ID);
    store.write('stdout', Buffer.from(`${'x'.repeat(600)}\nbegun`));
    store.write('stderr', Buffer.from('also '));
    // The next file cannot be made, and the next write does not fit into the present one.
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, '');
    store.write('stdout', Buffer.from(`${'y'.repeat(300)}\n`));
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    store.write('stdout', Buffer.from('next\n'));
    store.write('stderr', Buffer.from('whole\n'));
    const [, ...lines] = await linesOf(store);
    const lost = 'thuban 1 line lost: the log could not be written';
    assert.deepEqual(lines, [lost, 'stdout begun', 'stdout next', 'stderr also whole']);
    store.close();
  });
});
