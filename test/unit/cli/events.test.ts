import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { describeEvent, eventLine } from '../../../src/cli/events/describe.ts';
import { followEvents } from '../../../src/cli/events/follow.ts';
import { widthOf } from '../../../src/cli/text-width.ts';
import type { EventQuery, EventRecord } from '../../../src/runtime/index.ts';
import { fakeTerminal, plain } from '../../support/terminal.ts';

process.env['TZ'] = 'UTC'; // clock times of a terminal are local

function event(type: string, more: Record<string, unknown> = {}): EventRecord {
  const time = new Date().toISOString().replace(/T.*/, 'T00:00:04.112Z');
  return { epoch: 'e', seq: 1, time, type, container: 'oom:1.0.0', ...more };
}

const exit = { time: '2026-01-31T10:41:04.324Z', duration: 0.212 };

describe('a line of thuban events', () => {
  test('tells what happened in the words of the vocabulary', () => {
    const cases: [EventRecord, string][] = [
      [event('started', { pid: 2849, duration_ms: 4 }), 'pid 2849'],
      [event('paused', { processes: 1, duration_ms: 2 }), '1 process'],
      [event('resumed', { duration: 12.25 }), 'after 12 s'],
      [event('resumed', { duration: null }), ''],
      [
        event('started', { pid: 7, conditions: [{ type: 'degraded', message: 'no swap accounting' }] }),
        'pid 7, degraded: no swap accounting',
      ],
      [event('oom', { oom: { cause: 'own_limit', kills: 1, limit: 33_554_432 } }), 'own limit of 32 MiB reached'],
      [event('exited', { exit: { ...exit, reason: 'oom_killed' } }), 'oom_killed after 212 ms'],
      [event('exited', { exit: { ...exit, reason: 'exited', code: 42 } }), 'code 42 after 212 ms'],
      [event('restarting', { number: 1, max: 2, delay: 0.5, policy: 'on_failure' }), '1 of 2, in 500 ms'],
      [event('state', { state: 'failed', previous: 'backoff', message: 'enough' }), 'failed, was backoff: enough'],
      [
        event('scheduled', { due: '2026-01-31T03:00:00.000Z', catch_up: false, late_ms: 12 }),
        'due 2026-01-31T03:00:00.000Z',
      ],
      [
        event('scheduled', { due: '2026-01-31T03:00:00.000Z', catch_up: true, late_ms: 720_000 }),
        'due 2026-01-31T03:00:00.000Z, makes up for a missed run, 12 min late',
      ],
      [
        event('skipped', { due: '2026-01-31T03:00:00.000Z', reason: 'overlap', count: 1 }),
        '1 run, it still runs; due 2026-01-31T03:00:00.000Z',
      ],
      [
        event('skipped', { due: '2026-01-31T03:00:00.000Z', reason: 'missed', count: 4 }),
        '4 runs, the time passed unseen; the last one due 2026-01-31T03:00:00.000Z',
      ],
      [event('leftover', { paths: ['/a', '/b'] }), 'could not remove /a, /b'],
      [
        event('adopted', { pid: 9, started_at: '2026-01-31T10:00:00.000Z' }),
        'pid 9, runs since 2026-01-31T10:00:00.000Z',
      ],
      [event('shutdown', { keep: true }), 'containers are kept for the next daemon'],
      [event('manifest_loaded', { file: '/r/a.yaml' }), '/r/a.yaml'],
      [
        event('manifest_rejected', { errors: [{ line: 12, column: 5, message: 'unknown key `memroy`' }, {}] }),
        '2 errors, 12:5 unknown key `memroy`',
      ],
      [event('manifest_rejected', { errors: [{ code: 'TH5010', message: 'untrusted' }] }), '1 error, untrusted'],
      [event('teleported', { to: 'mars', speed: 9 }), 'to mars, speed 9'],
    ];
    for (const [record, text] of cases) assert.equal(describeEvent(record), text);
  });

  test('has local time with milliseconds on a terminal, RFC 3339 in a pipe', () => {
    const started = event('started', { pid: 2849 });
    assert.match(
      eventLine(started, fakeTerminal(), { wide: false }),
      /^(\S+ )?00:00:04\.112 {2}started {12}oom:1\.0\.0 {6}pid 2849$/,
    );
    assert.match(
      eventLine(started, fakeTerminal({ isTTY: false }), { wide: false }),
      /^20\S+T00:00:04\.112Z {2}started {12}oom:1\.0\.0/,
    );
  });

  test('has a column for the longest type, or for the longest of those that were asked for', () => {
    const at = (type: string, types?: string[]): number =>
      eventLine(event(type), fakeTerminal(), { wide: true, types }).indexOf('oom:1.0.0');
    assert.equal(at('health'), at('manifest_removed'));
    assert.equal(at('health') - at('health', ['health', 'pressure']), 'manifest_rejected'.length - 'pressure'.length);
  });

  test('names the file where no container is known, and makes everything visible', () => {
    const { container: _container, ...rejected } = event('manifest_rejected', { file: '/r/a\u001b.yaml', errors: [] });
    assert.match(eventLine(rejected, fakeTerminal(), { wide: false }), /manifest_rejected {2}a\^\[\.yaml/);
  });

  test('fits the terminal unless it is to be wide, and never in a pipe', () => {
    const long = event('leftover', { paths: ['/x'.repeat(100)] });
    assert.equal(widthOf(plain(eventLine(long, fakeTerminal({ columns: 60, color: true }), { wide: false }))), 60);
    assert.ok(widthOf(eventLine(long, fakeTerminal({ columns: 60 }), { wide: true })) > 200);
    assert.ok(widthOf(eventLine(long, fakeTerminal({ isTTY: false, columns: 60 }), { wide: false })) > 200);
  });

  test('says how many events the history does not hold any more', () => {
    const text = eventLine(event('gap', { from: 880, to: 893 }), fakeTerminal(), { wide: false });
    assert.equal(text, '- 14 events lost: the history does not hold them any more (seq 880..893) -');
    const before = eventLine(event('gap', { from: null, to: 0 }), fakeTerminal(), { wide: false });
    assert.match(before, /^- events lost: the daemon was started anew, .* -$/);
  });
});

describe('following events', () => {
  const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
  const record = (epoch: string, seq: number): EventRecord => ({
    epoch,
    seq,
    time: '2026-01-31T10:00:00.000Z',
    type: 'state',
  });
  const lost = new ThubanError('TH6001', 'gone');

  interface Answer {
    events: EventRecord[];
    ends?: Error;
  }

  /** A daemon that answers one stream after the other; `pids`: of who answers a question for the version. */
  function daemon(
    answers: Answer[],
    pids: (number | Error)[],
    asked: EventQuery[],
  ): Parameters<typeof followEvents>[0] {
    return {
      version: () => {
        const pid = pids.length > 1 ? pids.shift() : pids[0];
        return typeof pid === 'number' ? Promise.resolve({ pid }) : Promise.reject(pid ?? lost);
      },
      events: async function* (query: EventQuery) {
        asked.push(query);
        const answer = answers.shift();
        yield* answer?.events ?? [];
        if (answer?.ends !== undefined) await Promise.reject(answer.ends);
      },
    } as unknown as Parameters<typeof followEvents>[0];
  }

  async function follow(
    answers: Answer[],
    pids: (number | Error)[],
  ): Promise<{ seen: string[]; asked: EventQuery[]; remarks: string[] }> {
    const control = new AbortController();
    const [seen, asked, remarks]: [string[], EventQuery[], string[]] = [[], [], []];
    const total = answers.reduce((sum, { events }) => sum + events.length, 0);
    const client = daemon(answers, pids, asked);
    const options = { signal: control.signal, remark: (text: string) => remarks.push(text), clock };
    for await (const { epoch, seq } of followEvents(client, { types: ['state'] }, options)) {
      seen.push(`${epoch}${seq}`);
      if (seen.length === total) control.abort();
    }
    return { seen, asked, remarks };
  }

  test('asks again after the last event when the connection is lost, and says so', async () => {
    const { seen, asked, remarks } = await follow(
      [{ events: [record('a', 1), record('a', 2)], ends: lost }, { events: [record('a', 3)] }],
      [10, lost, lost, 10],
    );
    assert.deepEqual(seen, ['a1', 'a2', 'a3']);
    assert.deepEqual(asked[1], { types: ['state'], since: 2, epoch: 'a', follow: true });
    assert.deepEqual(remarks, [
      'connection to the daemon lost, trying again until it answers (Ctrl-C ends)',
      'connected again, after event 2',
    ]);
  });

  test('says that another daemon answers and that its numbers begin again', async () => {
    const { seen, remarks } = await follow([{ events: [record('a', 7)] }, { events: [record('b', 1)] }], [10, 11]);
    assert.deepEqual(seen, ['a7', 'b1']);
    assert.deepEqual(remarks.slice(1), [
      'connected again, after event 7; the daemon has pid 11 now',
      'the daemon was started anew; the numbers of its events begin again',
    ]);
  });

  test('is an error when nobody answered in the first place, or the daemon refuses', async () => {
    await assert.rejects(follow([{ events: [record('a', 1)] }], [lost]), { code: 'TH6001' });
    const refused = new ThubanError('TH6002', 'no');
    await assert.rejects(follow([{ events: [], ends: refused }], [10]), { code: 'TH6002' });
    await assert.rejects(follow([{ events: [], ends: lost }], [10, refused]), { code: 'TH6002' });
  });
});
