/** One start, from the request to the end. Nanoseconds on CLOCK_MONOTONIC, which is also that of `process.hrtime`. */
export interface Turn {
  begin: bigint;
  /** The program's first act. Absent: `stamps` knows it. */
  first?: bigint;
  /** Process reaped, groups removed, and known to whoever asked for the start. */
  gone: bigint;
}

/** What makes a row of the tables: something that can start a program and see its end. */
export interface Contestant {
  name: string;
  role: 'ours' | 'floor' | 'peer' | 'other';
  /** Without a network namespace of its own, and compared only with those that have none either. */
  hostNetwork?: boolean;
  /** One start of a program that ends at once. Rejects when it did not work. */
  turn(): Promise<Turn>;
  /** When programs did their first act, for turns that did not say; at least those since the last call. */
  stamps?(): Promise<bigint[]>;
  /** A process that belongs to it, whose use of the processor is not foreign. */
  pids: readonly number[];
}

/** Gives every turn that lacks it the one stamp that lies within it. Throws when there is none, because then something is wrong. */
export function withStamps(turns: readonly Turn[], stamps: readonly bigint[]): Required<Turn>[] {
  return turns.map(({ begin, first, gone }) => {
    const found = first ?? stamps.find((stamp) => stamp >= begin && stamp <= gone);
    if (found === undefined) throw new Error('the program did not say when it began');
    return { begin, first: found, gone };
  });
}
