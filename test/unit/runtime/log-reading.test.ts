import assert from 'node:assert/strict';
import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { LogQuery, LogRecord } from '../../../src/runtime/index.ts';
import { LogStores, type LogStore } from '../../../src/runtime/log-store.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { linesOf, logLimits, readAll } from '../../support/logs.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ID = 'camera:1.0.0';

function fill(store: LogStore, from: number, to: number): void {
  for (let i = from; i < to; i++) store.write('stdout', Buffer.from(`line ${i}\n`));
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `stdout line ${from + i}`);
}

/** Reads on in the background; what came so far is in `lines`. */
class Follower {
  readonly lines: string[] = [];
  readonly #abort = new AbortController();
  readonly ended: Promise<void>;

  constructor(store: LogStore, query: LogQuery = {}) {
    this.ended = this.#read(store.read({ ...query, follow: true }, this.#abort.signal));
  }

  /** Waits for so many lines. */
  async until(count: number): Promise<void> {
    for (let round = 0; this.lines.length < count; round++) {
      assert.ok(round < 1000, `${this.lines.length} of ${count} lines came`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read(batches: AsyncGenerator<LogRecord[]>): Promise<void> {
    for await (const batch of batches) this.lines.push(...batch.map(({ stream, line }) => `${stream} ${line}`));
  }
}

describe('a reader', () => {
  test('gets what is there and no more, in batches of bounded size', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    fill(store, 0, 5000);
    const sizes: number[] = [];
    const lines: string[] = [];
    for await (const batch of store.read({}, new AbortController().signal)) {
      sizes.push(batch.length);
      lines.push(...batch.map(({ stream, line }) => `${stream} ${line}`));
      store.write('stdout', Buffer.from('more\n'));
    }
    assert.deepEqual(lines, numbers(0, 5000));
    assert.ok(sizes.length > 2 && Math.max(...sizes) < 2500, sizes.join());
    store.close();
    assert.deepEqual((await linesOf(store)).slice(0, 5000), numbers(0, 5000), 'and after the log is closed, too');
  });

  test('gets the last lines it asks for, and as many as there are', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 2000 }).open(ID);
    fill(store, 0, 500);
    const all = await linesOf(store);
    assert.ok(all.length > 50 && all.length < 500);
    for (const tail of [0, 1, 10, all.length - 1, all.length, all.length + 1, 1e9])
      assert.deepEqual(await linesOf(store, { tail }), tail === 0 ? [] : all.slice(-tail), `tail ${tail}`);
    store.close();
  });

  test('counts a line once, long, torn or unfinished', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, max_line: 10 }).open(ID);
    for (const text of ['on', 'e\ntw', 'o\n0123456789', 'abcdefghij', 'x\nunfin', 'ished'])
      store.write('stdout', Buffer.from(text));
    const all = ['one', 'two', '| 0123456789', '| abcdefghij', 'x', '| unfinished'];
    const expected = all.map((line) => (line.startsWith('|') ? `stdout${line}` : `stdout ${line}`));
    for (let tail = 1; tail <= 6; tail++)
      assert.deepEqual(await linesOf(store, { tail }), expected.slice(-tail), `tail ${tail}`);
    const follower = new Follower(store, { tail: 2 });
    await follower.until(2);
    assert.deepEqual(follower.lines, ['stdout abcdefghij', 'stdout x'], 'the unfinished one comes when it is whole');
    await follower.stop();
    store.close();
  });

  test('does not open the files that it does not need', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 2000 }).open(ID);
    fill(store, 0, 500);
    const folder = join(top.path, 'camera@1.0.0');
    const [oldest] = readdirSync(folder)
      .map(Number)
      .sort((a, b) => a - b);
    rmSync(join(folder, String(oldest)));
    assert.deepEqual(await linesOf(store, { tail: 3 }), numbers(497, 500));
    assert.match((await linesOf(store))[0] ?? '', /^thuban .* lost: the file is gone$/);
    store.close();
  });

  test('gets the lines since a time', async () => {
    using top = temporaryFolder();
    const clock = new ManualClock('2026-01-31T10:00:00.000Z');
    const store = new LogStores(top.path, logLimits, { clock }).open(ID);
    for (let i = 0; i < 5; i++) {
      fill(store, i, i + 1);
      await clock.advance(1000);
    }
    assert.deepEqual(await linesOf(store, { since: '2026-01-31T10:00:03Z' }), numbers(3, 5));
    assert.deepEqual(await linesOf(store, { since: '2026-01-31T11:00:02.001+01:00' }), numbers(3, 5));
    assert.deepEqual(await linesOf(store, { since: '2026-01-31T10:00:01Z', tail: 2 }), numbers(3, 5));
    assert.deepEqual(await linesOf(store, { since: '2026-01-31T10:00:04Z', tail: 4 }), numbers(4, 5));
    assert.deepEqual(await linesOf(store, { since: '2026-02-01T00:00:00Z' }), []);
    await assert.rejects(linesOf(store, { since: 'yesterday' }), { code: 'TH6012' });
    const records = await readAll(store, { tail: 1 });
    assert.equal(records[0]?.time, '2026-01-31T10:00:04.000Z');
    store.close();
  });
});

describe('the files under a reader', () => {
  test('may hold records that are longer than what is read at once', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 1 << 20, max_line: 200_000 }).open(ID);
    const text = 'x'.repeat(150_000);
    for (const line of ['before', text, 'after']) store.write('stdout', Buffer.from(`${line}\n`));
    assert.deepEqual(await linesOf(store), ['stdout before', `stdout ${text}`, 'stdout after']);
    assert.deepEqual(await linesOf(store, { tail: 2 }), [`stdout ${text}`, 'stdout after']);
    store.close();
  });

  test('may be cut or removed by others, which is told and ends nothing', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    fill(store, 0, 3);
    const file = join(top.path, 'camera@1.0.0/0');
    truncateSync(file, 60);
    assert.deepEqual(await linesOf(store), ['stdout line 0', 'thuban 82 B lost: the file is damaged']);
    rmSync(file);
    const follower = new Follower(store);
    await follower.until(1);
    assert.deepEqual(follower.lines, ['thuban 123 B lost: the file is gone']);
    await follower.stop();
    store.close();
  });
});

describe('a follower', () => {
  test('gets what is there and what comes, until it has enough', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 1000, files: 2 }).open(ID);
    fill(store, 0, 10);
    const follower = new Follower(store, { tail: 5 });
    await follower.until(5);
    for (let i = 10; i < 200; i++) {
      fill(store, i, i + 1);
      await follower.until(i - 4);
    }
    assert.deepEqual(follower.lines, numbers(5, 200), 'nothing is lost while the files change');
    await follower.stop();
    fill(store, 200, 201);
    assert.equal(follower.lines.length, 195);
    store.close();
  });

  test('ends when the log is closed, with its last line', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    const followers = [new Follower(store), new Follower(store, { tail: 0 })];
    await new Promise((resolve) => setTimeout(resolve, 5));
    fill(store, 0, 3);
    store.write('stdout', Buffer.from('unfinished'));
    store.close();
    for (const { ended, lines } of followers) {
      await ended;
      assert.deepEqual(lines, [...numbers(0, 3), 'stdout unfinished']);
    }
    const late = new Follower(store);
    await late.ended;
    assert.equal(late.lines.length, 4);
  });

  test('that was not asked for anything leaves at once', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    const signal = AbortSignal.abort();
    for await (const batch of store.read({ follow: true }, signal)) assert.fail(`${batch.length} lines`);
    store.close();
  });

  test('that is too slow is told how many lines it missed, and goes on with the oldest', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 1000, files: 2 }).open(ID);
    fill(store, 0, 3);
    const abort = new AbortController();
    const batches = store.read({ follow: true }, abort.signal);
    const first = await batches.next();
    assert.deepEqual(
      (first.value as LogRecord[]).map(({ line }) => line),
      ['line 0', 'line 1', 'line 2'],
    );
    fill(store, 3, 500);
    const remaining = await linesOf(store);
    const missed = 500 - 3 - remaining.length;
    const rest: string[] = [];
    while (rest.length < remaining.length + 1) {
      const next = await batches.next();
      rest.push(...(next.value as LogRecord[]).map(({ stream, line }) => `${stream} ${line}`));
    }
    assert.deepEqual(rest, [`thuban ${missed} lines lost: this reader was too slow`, ...remaining]);
    abort.abort();
    assert.equal((await batches.next()).done, true);
    store.close();
  });

  test('is told the bytes where nobody has counted the lines', async () => {
    using top = temporaryFolder();
    const limits = { ...logLimits, size: 1000, files: 2 };
    const earlier = new LogStores(top.path, limits).open(ID);
    fill(earlier, 0, 3);
    earlier.close();
    const store = new LogStores(top.path, limits).open(ID);
    const batches = store.read({ follow: true }, new AbortController().signal);
    await batches.next();
    fill(store, 3, 500);
    const { value } = (await batches.next()) as { value: LogRecord[] };
    assert.match(value[0]?.line ?? '', /^\d+ KiB lost: this reader was too slow$/);
    await batches.return(undefined);
    store.close();
  });

  test('is told the lines as soon as it has come to what was counted', async () => {
    using top = temporaryFolder();
    const limits = { ...logLimits, size: 1000, files: 2 };
    const earlier = new LogStores(top.path, limits).open(ID);
    fill(earlier, 0, 20);
    earlier.close();
    const store = new LogStores(top.path, limits).open(ID);
    fill(store, 20, 28);
    const batches = store.read({ follow: true }, new AbortController().signal);
    let seen = 0;
    while (seen < 28) seen += ((await batches.next()).value as LogRecord[]).length;
    fill(store, 28, 500);
    const remaining = (await linesOf(store)).length;
    const { value } = (await batches.next()) as { value: LogRecord[] };
    assert.equal(value[0]?.line, `${500 - 28 - remaining} lines lost: this reader was too slow`);
    await batches.return(undefined);
    store.close();
  });

  test('that has lost the end of a line gets its beginning for itself', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, { ...logLimits, size: 1000, files: 2 }).open(ID);
    store.write('stdout', Buffer.from('whole\nbegun '));
    const batches = store.read({ follow: true }, new AbortController().signal);
    await batches.next();
    fill(store, 0, 500);
    const { value } = (await batches.next()) as { value: LogRecord[] };
    assert.deepEqual([value[0]?.line, value[0]?.partial], ['begun ', true]);
    assert.match(value[1]?.line ?? '', /lines lost: this reader was too slow$/);
    assert.match(value[2]?.line ?? '', /^line \d+$/);
    await batches.return(undefined);
    store.close();
  });

  test('costs nothing while it waits', async () => {
    using top = temporaryFolder();
    const store = new LogStores(top.path, logLimits).open(ID);
    fill(store, 0, 1);
    const before = readdirSync('/proc/self/fd').length;
    const followers = Array.from({ length: 50 }, () => new Follower(store));
    for (const follower of followers) await follower.until(1);
    assert.equal(readdirSync('/proc/self/fd').length, before);
    for (const follower of followers) await follower.stop();
    store.close();
  });
});
