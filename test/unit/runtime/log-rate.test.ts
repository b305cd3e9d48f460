import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LineGate } from '../../../src/runtime/line-gate.ts';
import { LogStores } from '../../../src/runtime/log-store.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { linesOf, logLimits } from '../../support/logs.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ID = 'camera:1.0.0';
const flood = (lines: number): Buffer => Buffer.from('x\n'.repeat(lines));

describe('the gate for lines', () => {
  test('lets through what may come in a second, then nothing for a second', async () => {
    const clock = new ManualClock();
    const gate = new LineGate(10, clock);
    const taken = (wanted: number): number => {
      gate.refill();
      return Array.from({ length: wanted }, () => gate.take()).filter(Boolean).length;
    };
    assert.equal(taken(15), 10);
    assert.equal(gate.opensIn, 1000);
    await clock.advance(900);
    assert.equal(taken(5), 0);
    await clock.advance(100);
    assert.equal(gate.opensIn, 0);
    assert.equal(taken(3), 3);
    await clock.advance(100);
    assert.equal(taken(20), 8);
  });

  test('never closes for who stays within the rate', async () => {
    const clock = new ManualClock();
    const gate = new LineGate(10, clock);
    for (let i = 0; i < 100; i++) {
      gate.refill();
      assert.ok(gate.take());
      await clock.advance(100);
    }
    const open = new LineGate(Infinity, clock);
    for (let i = 0; i < 100; i++) {
      open.refill();
      assert.ok(open.take());
    }
    assert.equal(open.opensIn, 0);
  });
});

describe('a program that writes too fast', () => {
  test('loses lines, and one remark says how many, before the next one', async () => {
    using top = temporaryFolder();
    const clock = new ManualClock();
    const dropped: [string, number][] = [];
    const stores = new LogStores(
      top.path,
      { ...logLimits, rate: 5 },
      { clock, onDropped: (id, lines) => dropped.push([id, lines]) },
    );
    const store = stores.open(ID);
    store.write('stdout', flood(100));
    await clock.advance(500);
    store.write('stderr', flood(7));
    assert.equal((await linesOf(store)).length, 5);
    assert.deepEqual(dropped, []);
    clock.advance(500).catch(() => undefined);
    store.write('stdout', Buffer.from('calm\n'));
    const expected = [...Array<string>(5).fill('stdout x'), 'thuban 102 lines dropped: over 5 lines/s', 'stdout calm'];
    assert.deepEqual(await linesOf(store), expected);
    assert.deepEqual(dropped, [[ID, 102]]);
    await clock.advance(5000);
    assert.deepEqual(await linesOf(store), expected, 'only once');
    store.close();
  });

  test('is told so when it falls silent, and when its log is closed', async () => {
    using top = temporaryFolder();
    const clock = new ManualClock();
    const store = new LogStores(top.path, { ...logLimits, rate: 5 }, { clock }).open(ID);
    store.write('stdout', flood(6));
    await clock.advance(1000);
    assert.deepEqual((await linesOf(store)).slice(5), ['thuban 1 line dropped: over 5 lines/s']);
    store.write('stdout', flood(7));
    store.close();
    assert.deepEqual((await linesOf(store)).slice(11), ['thuban 2 lines dropped: over 5 lines/s']);
    await clock.advance(1000);
    assert.equal((await linesOf(store)).length, 12);
  });

  test('loses whole lines: no piece of one remains', async () => {
    using top = temporaryFolder();
    const clock = new ManualClock();
    const store = new LogStores(top.path, { ...logLimits, rate: 2 }, { clock }).open(ID);
    store.write('stdout', Buffer.from('a\nbe'));
    store.write('stdout', Buffer.from('gun\nlo'));
    await clock.advance(1000);
    store.write('stdout', Buffer.from('st\nkept\n'));
    const remark = 'thuban 1 line dropped: over 2 lines/s';
    assert.deepEqual(await linesOf(store), ['stdout a', 'stdout begun', remark, 'stdout kept']);
    store.close();
  });

  test('loses the rest of a line that is longer than lines may be', async () => {
    using top = temporaryFolder();
    const clock = new ManualClock();
    const store = new LogStores(top.path, { ...logLimits, rate: 2, max_line: 4 }, { clock }).open(ID);
    for (const piece of ['aaaabb', 'bbcccc', 'dddd', 'eeee\nff', 'ff\n']) store.write('stdout', Buffer.from(piece));
    await clock.advance(1000);
    store.write('stdout', Buffer.from('next\n'));
    const expected = ['stdout| aaaa', 'stdout bbbb', 'thuban 2 lines dropped: over 2 lines/s', 'stdout next'];
    assert.deepEqual(await linesOf(store), expected);
    store.close();
  });

  test('does not stop the others', async () => {
    using top = temporaryFolder();
    const clock = new ManualClock();
    const stores = new LogStores(top.path, { ...logLimits, rate: 2 }, { clock });
    stores.open('a:1.0.0').write('stdout', flood(100));
    stores.open('b:1.0.0').write('stdout', flood(2));
    assert.deepEqual(await linesOf(stores.open('b:1.0.0')), ['stdout x', 'stdout x']);
    stores.open('a:1.0.0').close();
    stores.open('b:1.0.0').close();
  });
});
