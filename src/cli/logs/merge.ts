/** Something with a time in RFC 3339, UTC, which sorts as text when both have milliseconds and by value otherwise. */
interface Timed {
  time: string;
}

function before(a: Timed, b: Timed): boolean {
  return Date.parse(a.time) < Date.parse(b.time);
}

/** Sources that end, each in the order of time, as one in the order of time. */
export async function* mergeByTime<T extends Timed>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, result: await source.next() })));
  for (;;) {
    let first: { source: AsyncGenerator<T>; value: T; at: number } | undefined;
    for (const [at, { source, result }] of heads.entries()) {
      if (result.done === true) continue;
      if (first === undefined || before(result.value, first.value)) first = { source, value: result.value, at };
    }
    if (first === undefined) return;
    yield first.value;
    heads[first.at] = { source: first.source, result: await first.source.next() };
  }
}

/** How long a line that came early waits for one of another container that was written before it. */
const WINDOW_MS = 50;
const MOST_WAITING = 5000;

/**
 * Sources that do not end, read at once. What comes within a short time is handed over in the order of its times, so that the lines
 * which are there already do not come container by container.
 */
export async function gatherByTime<T extends Timed>(
  sources: readonly AsyncGenerator<T>[],
  take: (record: T) => void,
): Promise<void> {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  const hand = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
    waiting = [];
    for (const record of batch) take(record);
  };
  const read = async (source: AsyncGenerator<T>): Promise<void> => {
    for await (const record of source) {
      waiting.push(record);
      if (waiting.length >= MOST_WAITING) hand();
      else timer ??= setTimeout(hand, WINDOW_MS);
    }
  };
  try {
    await Promise.all(sources.map(read));
  } finally {
    hand();
  }
}
