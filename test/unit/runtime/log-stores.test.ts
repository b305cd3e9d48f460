import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ThubanError } from '../../../src/base/index.ts';
import { LogStores, type LogStore } from '../../../src/runtime/log-store.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { linesOf, logLimits, sizes } from '../../support/logs.ts';

const ID = 'camera:1.0.0';

function fill(store: LogStore, lines: number): void {
  for (let i = 0; i < lines; i++) store.write('stdout', Buffer.from(`line ${i}\n`));
}

/** What descriptors of this process lead to. Some come and go by themselves. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // closed by now: that of the listing itself, for one
    }
  });
}

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
    const open = (): string[] => openFiles().filter((file) => file.startsWith(top.path));
    const stores = new LogStores(top.path, { ...logLimits, size: 512 });
    for (const id of ['a:1.0.0', 'b:1.0.0']) {
      const store = stores.open(id);
      fill(store, 100);
      assert.ok(open().length > 0);
      store.close();
      store.write('stdout', Buffer.from('late\n'));
      store.remark('late');
      store.end('stdout');
    }
    assert.deepEqual(open(), []);
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
