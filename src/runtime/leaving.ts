import { ThubanError } from '../base/index.ts';
import type { Entry } from './catalogue.ts';
import type { Fleet } from './fleet.ts';
import { isResting } from './states.ts';

/**
 * A container that goes for good, with the runs beside it. From the beginning of their ends on nobody starts one of them any more: what would
 * be started then would have no place that a later stop could find it in.
 */
export class Leaving {
  readonly #fleet: Fleet;
  readonly #entry: Entry;

  constructor(fleet: Fleet, entry: Entry) {
    this.#fleet = fleet;
    this.#entry = entry;
    this.#mark(true);
  }

  /** Resolves when all of them rest. `makesRoom`: for another version, so that a next daemon knows what was active. */
  async end(reason: string, { makesRoom = false } = {}): Promise<void> {
    await Promise.all(
      this.#all.map(({ supervised }) =>
        makesRoom && supervised === this.#entry.supervised ? supervised.makeRoom(reason) : supervised.stop(reason),
      ),
    );
  }

  /** TH6005 when something was started all the same: then it keeps its place. */
  forget(): void {
    const all = this.#all; // the clock may have made a place for one more run meanwhile
    const living = all.find(({ supervised }) => !isResting(supervised.state));
    if (living !== undefined) {
      const { id, state } = living.supervised;
      throw new ThubanError('TH6005', `\`${id}\` is ${state}, so it cannot be removed`, {
        hint: `thuban stop ${id}`,
        details: { id, state, action: 'remove' },
      });
    }
    for (const one of all) this.#fleet.drop(one);
  }

  /** It stays after all. */
  takeBack(): void {
    this.#mark(false);
    if (this.#fleet.catalogue.entries.get(this.#entry.supervised.id) === this.#entry)
      this.#fleet.clockwork.bind(this.#entry);
  }

  get #all(): Entry[] {
    return [...this.#fleet.catalogue.besides(this.#entry.supervised.id), this.#entry];
  }

  #mark(isLeaving: boolean): void {
    for (const { supervised } of this.#all) supervised.isLeaving = isLeaving;
  }
}
