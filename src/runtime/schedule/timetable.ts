import { nextOnWall, readPattern, type Pattern } from './pattern.ts';
import { Zone } from './zone.ts';

const DAY_MS = 86_400_000;
const HOURS = 24;

/**
 * The instants of a cron expression in a zone, in milliseconds since 1970. Where clocks change, Vixie cron's rule holds: an expression with
 * every hour goes by elapsed time and runs whenever the clock shows a time of it; any other goes by the wall, each of its times once,
 * at the first showing, and at the end of the jump when the clock jumps over it.
 */
export class Timetable {
  readonly everyHour: boolean;
  readonly #pattern: Pattern;
  readonly #zone: Zone;

  /** @throws Error that says what is wrong with expression or zone. */
  constructor(cron: string, timeZone: string) {
    this.#pattern = readPattern(cron);
    this.#zone = new Zone(timeZone);
    this.everyHour = this.#pattern.hours.length === HOURS;
  }

  /** The first instant after `after`. Undefined: there is none. */
  next(after: number): number | undefined {
    return this.everyHour ? this.#nextElapsed(after) : this.#nextOnWall(after);
  }

  /** The last instant that is after `from` and not after `to`. */
  last(from: number, to: number): number | undefined {
    let found = this.next(from);
    if (found === undefined || found > to) return undefined;
    // The last one lies between what is found and `high`.
    for (let high = to; found < high;) {
      const middle = found + Math.floor((high - found) / 2);
      const later = this.next(middle);
      if (later === undefined || later > to) high = middle;
      else found = later;
    }
    return found;
  }

  #nextElapsed(after: number): number | undefined {
    const offset = this.#zone.offsetAt(after);
    const wall = nextOnWall(this.#pattern, after + offset);
    const change = this.#zone.changeIn(after, after + DAY_MS);
    if (change === undefined) return this.#shownAfter(after, wall, offset);
    if (wall !== undefined && wall - offset < change) return wall - offset;
    const changed = this.#zone.offsetAt(change);
    return this.#shownAfter(after, nextOnWall(this.#pattern, change - 1 + changed), changed);
  }

  /** When the clock first shows this or what follows; when that has been, it shows it for the second time, with this offset. */
  #shownAfter(after: number, wall: number | undefined, offset: number): number | undefined {
    const shown = this.#firstShown(wall);
    return shown !== undefined && wall !== undefined && shown <= after ? wall - offset : shown;
  }

  #firstShown(from: number | undefined): number | undefined {
    for (let wall = from; wall !== undefined; wall = nextOnWall(this.#pattern, wall)) {
      const { instant, exists } = this.#zone.place(wall);
      if (exists) return instant;
    }
    return undefined;
  }

  #nextOnWall(after: number): number | undefined {
    let wall = nextOnWall(this.#pattern, after + this.#zone.offsetAt(after));
    for (; wall !== undefined; wall = nextOnWall(this.#pattern, wall)) {
      const { instant } = this.#zone.place(wall);
      if (instant > after) return instant;
    }
    return undefined;
  }
}
