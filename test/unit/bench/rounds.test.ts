import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withStamps, type Contestant, type Turn } from '../../../bench/contestant.ts';
import { takeTurns } from '../../../bench/rounds.ts';

const never = new AbortController().signal;
const ms = (value: number): bigint => BigInt(value) * 1_000_000n;

/** Its turns take 1 ms to the first act and 3 ms in all, and are noted in `order`. */
function contestant(name: string, order: string[], turn?: () => Promise<Turn>): Contestant {
  const easy = (): Promise<Turn> => Promise.resolve({ begin: ms(10), first: ms(11), gone: ms(13) });
  return {
    ...{ name, role: 'other' as const, pids: [] },
    turn: () => {
      order.push(name);
      return (turn ?? easy)();
    },
  };
}

describe('taking turns', () => {
  test('lets everybody start in every round before anybody starts again', async () => {
    const order: string[] = [];
    const all = ['a', 'b', 'c'].map((name) => contestant(name, order));
    await takeTurns(all, { rounds: 20, burst: 1, warmUp: 0, pause: 0 }, never);
    for (let round = 0; round < 20; round++)
      assert.deepEqual(order.slice(round * 3, round * 3 + 3).sort(), ['a', 'b', 'c']);
    const firsts = new Set(Array.from({ length: 20 }, (_, round) => order[round * 3]));
    assert.ok(firsts.size > 1, 'the order differs between rounds');
  });

  test('measures milliseconds from the request', async () => {
    const [tally] = await takeTurns([contestant('a', [])], { rounds: 2, burst: 1, warmUp: 0, pause: 0 }, never);
    assert.deepEqual(tally?.first, [1, 1]);
    assert.deepEqual(tally?.gone, [3, 3]);
  });

  test('does not count the first ones of a burst', async () => {
    const order: string[] = [];
    const pace = { rounds: 2, burst: 5, warmUp: 1, pause: 0 };
    const [tally] = await takeTurns([contestant('a', order)], pace, never);
    assert.equal(order.length, 10);
    assert.equal(tally?.first.length, 8);
  });

  test('notes what did not work and goes on', async () => {
    let turns = 0;
    const failing = (): Promise<Turn> =>
      turns++ === 0 ? Promise.reject(new Error('no space')) : Promise.resolve({ begin: 0n, first: 1n, gone: 2n });
    const pace = { rounds: 3, burst: 1, warmUp: 0, pause: 0 };
    const [tally] = await takeTurns([contestant('a', [], failing)], pace, never);
    assert.deepEqual(tally?.failures, ['no space']);
    assert.equal(tally?.first.length, 2);
  });

  test('ends when it is interrupted', async () => {
    const interrupt = new AbortController();
    const order: string[] = [];
    const one = contestant('a', order, () => {
      interrupt.abort();
      return Promise.resolve({ begin: 0n, first: 1n, gone: 2n });
    });
    await takeTurns([one], { rounds: 50, burst: 1, warmUp: 0, pause: 0 }, interrupt.signal);
    assert.equal(order.length, 1);
  });
});

describe('stamps that come later', () => {
  test('go to the turn that they lie in', () => {
    const turns = [
      { begin: 10n, gone: 20n },
      { begin: 30n, gone: 40n },
    ];
    assert.deepEqual(
      withStamps(turns, [5n, 35n, 12n]).map(({ first }) => first),
      [12n, 35n],
    );
  });

  test('do not replace what a turn knows itself', () => {
    assert.deepEqual(withStamps([{ begin: 10n, first: 11n, gone: 20n }], [12n]), [
      { begin: 10n, first: 11n, gone: 20n },
    ]);
  });

  test('must be there: one that is missing is an error, no zero', () => {
    assert.throws(() => withStamps([{ begin: 10n, gone: 20n }], [9n, 21n]), /did not say when it began/);
  });
});
