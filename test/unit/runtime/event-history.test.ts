import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EventHistory } from '../../../src/runtime/event-history.ts';
import { globs } from '../../../src/runtime/globs.ts';
import type { EventQuery, EventRecord } from '../../../src/runtime/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const TIME = '2026-01-31T10:00:00.000Z';
const never = new AbortController().signal;

function historyOf(events: number, capacity = 1000): EventHistory {
  const history = new EventHistory(capacity, { clock: new ManualClock(), epoch: 'e1' });
  for (let i = 1; i <= events; i++) history.add({ type: i % 2 === 0 ? 'even' : 'odd', container: `c${i % 3}:1.0.0` });
  return history;
}

async function all(history: EventHistory, query: EventQuery = {}): Promise<EventRecord[]> {
  const found: EventRecord[] = [];
  for await (const batch of history.read(query, never)) found.push(...batch);
  return found;
}

/** `5`, or `gap 1..4`. */
async function told(history: EventHistory, query: EventQuery = {}): Promise<(number | string)[]> {
  return (await all(history, query)).map(short);
}

function short(event: EventRecord): number | string {
  return event.type === 'gap' ? `gap ${String(event['from'])}..${String(event['to'])}` : event.seq;
}

/** What the next batch tells; undefined at the end. */
async function next(batches: AsyncGenerator<EventRecord[], unknown>): Promise<(number | string)[] | undefined> {
  const result = await batches.next();
  return result.done === true ? undefined : result.value.map(short);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('the history of events', () => {
  test('numbers events from 1 and keeps what was told of them', async () => {
    const history = historyOf(0);
    assert.equal(history.seq, 0);
    const first = history.add({ type: 'started', container: 'a:1.0.0', pid: 7 });
    assert.deepEqual(first, { epoch: 'e1', seq: 1, time: TIME, type: 'started', container: 'a:1.0.0', pid: 7 });
    history.add({ type: 'shutdown' }, '2026-01-31T09:00:00.000Z');
    assert.equal(history.seq, 2);
    const [, second] = await all(history);
    assert.deepEqual(second, { epoch: 'e1', seq: 2, time: '2026-01-31T09:00:00.000Z', type: 'shutdown' });
  });

  test('has an epoch of its own in every life of a daemon', () => {
    const [a, b] = [new EventHistory(1), new EventHistory(1)];
    assert.match(a.epoch, /^[0-9a-f]{16}$/);
    assert.notEqual(a.epoch, b.epoch);
  });

  test('keeps the newest ones', async () => {
    assert.deepEqual(await told(historyOf(25, 10)), range(16, 25));
    assert.deepEqual(await told(historyOf(10, 10)), range(1, 10));
    assert.deepEqual(await told(historyOf(5, 1)), [5]);
    assert.deepEqual(await told(historyOf(0)), []);
  });

  test('knows the newest of a container', () => {
    const history = historyOf(30, 20);
    const numbers = (id: string, count: number): number[] => history.newest(id, count).map(({ seq }) => seq);
    assert.deepEqual(numbers('c0:1.0.0', 3), [30, 27, 24]);
    assert.deepEqual(numbers('c0:1.0.0', 99), [30, 27, 24, 21, 18, 15, 12]);
    assert.deepEqual(numbers('other:1.0.0', 3), []);
  });
});

describe('a reader of events', () => {
  const cases: [what: string, query: EventQuery, expected: (number | string)[]][] = [
    ['goes on after a number', { since: 22 }, range(23, 25)],
    ['goes on in the same epoch', { since: 24, epoch: 'e1' }, [25]],
    ['is told what is gone', { since: 3 }, ['gap 4..15', ...range(16, 25)]],
    ['is told nothing where nothing is gone', { since: 15 }, range(16, 25)],
    ['is told what is gone from the beginning', { since: 0 }, ['gap 1..15', ...range(16, 25)]],
    ['gets all after a gap of unknown size in another epoch', { since: 99, epoch: 'e0' }, ['gap null..15', ...range(16, 25)]],
    ['gets nothing from the future', { since: 99 }, []],
    ['chooses types', { types: ['even', 'other'] }, [16, 18, 20, 22, 24]],
    ['chooses types, but never misses a gap', { types: ['even'], since: 9 }, ['gap 10..15', 16, 18, 20, 22, 24]],
    ['chooses containers by id', { containers: ['c0:1.0.0'] }, [18, 21, 24]],
    ['chooses containers by name', { containers: ['c0', 'c9'] }, [18, 21, 24]],
    ['chooses containers by pattern', { containers: ['*1', 'x*'] }, [16, 19, 22, 25]],
    ['chooses containers by a pattern of ids', { containers: ['c?:*', '*2:1.*'] }, [17, 20, 23]],
    ['chooses by both', { containers: ['c1'], types: ['odd'] }, [19, 25]],
    ['may choose nothing', { types: [] }, []],
  ]; // prettier-ignore
  for (const [what, query, expected] of cases) {
    test(what, async () => {
      assert.deepEqual(await told(historyOf(25, 10), query), expected);
    });
  }

  test('of containers is not given what belongs to none', async () => {
    const history = historyOf(0);
    history.add({ type: 'shutdown' });
    assert.deepEqual(await told(history, { containers: ['*'] }), []);
  });

  test('gets batches of bounded size, and ends although more happens', async () => {
    const history = historyOf(950);
    const sizes: number[] = [];
    for await (const batch of history.read({}, never)) {
      sizes.push(batch.length);
      for (let i = 0; i < 50; i++) history.add({ type: 'more' });
    }
    assert.ok(Math.max(...sizes) <= 101, sizes.join());
    assert.ok(sizes.length <= 10, sizes.join());
  });
});

describe('a follower of events', () => {
  test('gets what is there and what happens, until it has enough', async () => {
    const history = historyOf(3);
    const abort = new AbortController();
    const batches = history.read({ follow: true, types: ['odd'] }, abort.signal);
    assert.deepEqual(await next(batches), [1, 3]);
    const waiting = next(batches);
    history.add({ type: 'even' });
    history.add({ type: 'odd' });
    assert.deepEqual(await waiting, [5]);
    history.add({ type: 'odd' });
    assert.deepEqual(await next(batches), [6], 'what happened while nobody waited');
    const last = next(batches);
    abort.abort();
    assert.equal(await last, undefined);
  });

  test('waits for the future', async () => {
    const history = historyOf(3);
    const batches = history.read({ follow: true, since: 5 }, never);
    const first = next(batches);
    for (let i = 0; i < 3; i++) history.add({ type: 'x' });
    assert.deepEqual(await first, [6]);
    await batches.return(undefined);
  });

  test('that is too slow is told what it missed, also while it is told of another daemon', async () => {
    const history = historyOf(5, 10);
    const batches = history.read({ follow: true, since: 1, epoch: 'e0' }, never);
    assert.deepEqual(await next(batches), ['gap null..0']);
    for (let i = 0; i < 7; i++) history.add({ type: 'x' });
    assert.deepEqual(await next(batches), ['gap 1..2', ...range(3, 12)]);
    for (let i = 0; i < 100; i++) history.add({ type: 'x' });
    assert.deepEqual(await next(batches), ['gap 13..102', ...range(103, 112)]);
    await batches.return(undefined);
  });

  test('a gap has the number of the last event that is missing', async () => {
    const [gap] = await all(historyOf(25, 10), { since: 3 });
    assert.deepEqual(gap, { epoch: 'e1', seq: 15, time: TIME, type: 'gap', from: 4, to: 15 });
  });
});

describe('a pattern', () => {
  test('fits what a regular expression fits', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 3 }), text, (patterns, name) => {
        const form = (one: string): RegExp => new RegExp(`^${one.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        assert.equal(
          globs(patterns)(name),
          patterns.some((one) => form(one).test(name)),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
