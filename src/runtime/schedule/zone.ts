const DAY_MS = 86_400_000;
/** Days whose offset is remembered: enough for a year and its neighbours. */
const MOST_DAYS = 800;

/** Where a time on the wall lies: `exists` is false for one that the clock jumps over, whose instant is then the end of the jump. */
export interface Placed {
  instant: number;
  exists: boolean;
}

/**
 * A time zone: how far its clocks are from UTC, and when that changes. Instants are milliseconds since 1970, times on the wall the same
 * number plus the offset. It asks Intl once a day of the calendar and supposes that the offset changes at most once in one.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #offsets = new Map<number, number>();
  readonly #changes = new Map<number, number>();

  /** @throws RangeError for a zone that this Node.js does not know. */
  constructor(name: string) {
    this.name = name;
    if (name === 'UTC') return;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  offsetAt(instant: number): number {
    if (this.#format === undefined) return 0;
    const day = Math.floor(instant / DAY_MS);
    const [before, after] = [this.#offsetOfDay(day), this.#offsetOfDay(day + 1)];
    return before === after || instant < this.#changeOfDay(day) ? before : after;
  }

  /** The first change of the offset after `from` and not after `to`: the first instant that has the new one. */
  changeIn(from: number, to: number): number | undefined {
    if (this.#format === undefined) return undefined;
    for (let day = Math.floor(from / DAY_MS); day * DAY_MS <= to; day++) {
      if (this.#offsetOfDay(day) === this.#offsetOfDay(day + 1)) continue;
      const change = this.#changeOfDay(day);
      if (change > from && change <= to) return change;
    }
    return undefined;
  }

  /** The instant at which the clock on the wall first shows this. */
  place(wall: number): Placed {
    const before = this.offsetAt(wall - DAY_MS);
    const after = this.offsetAt(wall + DAY_MS);
    const [early, late] = [wall - Math.max(before, after), wall - Math.min(before, after)];
    if (this.offsetAt(early) + early === wall) return { instant: early, exists: true };
    if (this.offsetAt(late) + late === wall) return { instant: late, exists: true };
    return { instant: this.changeIn(wall - DAY_MS, wall + DAY_MS) ?? late, exists: false };
  }

  #offsetOfDay(day: number): number {
    const known = this.#offsets.get(day);
    if (known !== undefined) return known;
    const offset = this.#ask(day * DAY_MS);
    if (this.#offsets.size >= MOST_DAYS) this.#offsets.clear();
    this.#offsets.set(day, offset);
    return offset;
  }

  /** By halving; only for a day that begins and ends with different offsets. */
  #changeOfDay(day: number): number {
    const known = this.#changes.get(day);
    if (known !== undefined) return known;
    const before = this.#offsetOfDay(day);
    let [low, high] = [day * 86_400, (day + 1) * 86_400];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle * 1000) === before) low = middle;
      else high = middle;
    }
    if (this.#changes.size >= MOST_DAYS) this.#changes.clear();
    this.#changes.set(day, high * 1000);
    return high * 1000;
  }

  #ask(instant: number): number {
    const parts = this.#format?.formatToParts(instant) ?? [];
    const at = (type: Intl.DateTimeFormatPartTypes): number =>
      Number(parts.find((part) => part.type === type)?.value ?? 0);
    const wall = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second'));
    return wall - Math.floor(instant / 1000) * 1000;
  }
}
