import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../src/base/index.ts';
import { withStamps, type Contestant, type Turn } from './contestant.ts';
import { shuffled } from './statistics.ts';

export interface Pace {
  rounds: number;
  /** Starts of one contestant, one directly after the other, in each round. */
  burst: number;
  /** How many of each burst are not counted: they meet what the contestant before them left to the kernel. */
  warmUp: number;
  /** Milliseconds before each burst. */
  pause: number;
}

export interface Tally {
  contestant: Contestant;
  /** Milliseconds from the request to the program's first act. */
  first: number[];
  /** Milliseconds from the program's first act, which is also its last, until all is gone. */
  end: number[];
  /** Milliseconds from the request until all is gone. */
  gone: number[];
  /** Why turns did not work, one entry for each. */
  failures: string[];
}

/**
 * All contestants take turns, in another order each round: whatever drifts on the machine touches all alike, and none always follows the
 * same other. The signal ends it after the present burst.
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  pace: Pace,
  signal: AbortSignal,
  random: () => number = Math.random,
): Promise<Tally[]> {
  const tallies = contestants.map((contestant): Tally => ({ contestant, first: [], end: [], gone: [], failures: [] }));
  for (let round = 0; round < pace.rounds; round++)
    for (const tally of shuffled(tallies, random)) {
      if (signal.aborted) return tallies;
      if (pace.pause > 0) await sleep(pace.pause);
      await burst(tally, pace);
    }
  return tallies;
}

async function burst(tally: Tally, pace: Pace): Promise<void> {
  const { contestant } = tally;
  const turns: Turn[] = [];
  try {
    for (let number = 0; number < pace.burst; number++) {
      const turn = await contestant.turn();
      if (number >= pace.warmUp) turns.push(turn);
    }
    for (const turn of withStamps(turns, (await contestant.stamps?.()) ?? [])) {
      tally.first.push(milliseconds(turn.first - turn.begin));
      tally.end.push(milliseconds(turn.gone - turn.first));
      tally.gone.push(milliseconds(turn.gone - turn.begin));
    }
  } catch (error) {
    tally.failures.push(messageOf(error));
  }
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
