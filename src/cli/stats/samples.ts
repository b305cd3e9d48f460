import { systemClock } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { StatsSample } from '../../runtime/index.ts';
import { isLost, reconnected } from '../reconnect.ts';
import { ratesOf } from './rates.ts';
import type { Row } from './rows.ts';

interface Query {
  interval: number;
  containers?: string[];
}

/** The rates are of the time between two samples. */
export async function measure(client: ConsoleClient, query: Query, signal: AbortSignal): Promise<Row[]> {
  let before: StatsSample | undefined;
  for await (const sample of client.allStats({ ...query, follow: true }, signal)) {
    // Who waits a second for nothing is not helped.
    if (before !== undefined || sample.containers.length === 0) return rowsOf(before, sample);
    before = sample;
  }
  return rowsOf(undefined, before ?? { time: '', containers: [] });
}

function rowsOf(before: StatsSample | undefined, { containers }: StatsSample): Row[] {
  const past = new Map(before?.containers.map((one) => [one.id, one]));
  return containers.map((one) => ({ stats: one, rates: ratesOf(past.get(one.id), one) }));
}

/** Sample after sample; a daemon that goes away is waited for. */
export async function* live(
  client: ConsoleClient,
  query: Query,
  signal: AbortSignal,
  remark: (text: string) => void,
): AsyncGenerator<Row[]> {
  await client.version(); // an error here is one of the command
  let before: StatsSample | undefined;
  for (;;) {
    try {
      for await (const sample of client.allStats({ ...query, follow: true }, signal)) {
        if (before !== undefined || sample.containers.length === 0) yield rowsOf(before, sample);
        before = sample;
      }
    } catch (error) {
      if (!isLost(error)) throw error;
    }
    if (signal.aborted) return;
    remark('connection to the daemon lost, trying again until it answers (Ctrl-C ends)');
    if ((await reconnected(client, signal, systemClock)) === undefined) return;
    remark('connected again');
    before = undefined;
  }
}
