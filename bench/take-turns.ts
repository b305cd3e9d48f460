import { ratio, shuffled, summarise, type Summary } from './statistics.ts';

/** One way to do a job; the first of a job is the floor, which does only what nobody can leave out. */
export interface Way {
  name: string;
  /** Milliseconds, when it knows better than whoever waits for it. */
  run: () => number | undefined | Promise<number | undefined>;
}

export interface WayRow extends Partial<Summary> {
  name: string;
  of_floor?: number;
}

/** In another order each round, so that whatever drifts touches all alike. */
export async function takeTurns(
  ways: readonly Way[],
  rounds: number,
  warmUp: number,
  signal: AbortSignal,
): Promise<WayRow[]> {
  const tallies = ways.map((way) => ({ way, values: [] as number[] }));
  for (let round = -warmUp; round < rounds && !signal.aborted; round++)
    for (const { way, values } of shuffled(tallies)) {
      const begin = performance.now();
      const own = await way.run();
      const took = own ?? performance.now() - begin;
      if (round >= 0) values.push(took);
    }
  const floor = summarise(tallies[0]?.values ?? [])?.p50;
  return tallies.map(({ way, values }) => {
    const summary = summarise(values);
    const times = ratio(summary?.p50, floor);
    return { name: way.name, ...summary, ...(times === undefined ? {} : { of_floor: times }) };
  });
}
