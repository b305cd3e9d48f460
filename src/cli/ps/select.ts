import { ThubanError, suggest } from '../../base/index.ts';
import { matchesName } from '../names.ts';
import { stateWords } from '../states.ts';
import type { Measured } from './measure.ts';

export const sortKeys = ['cpu', 'mem', 'up', 'restarts'] as const;
export type SortKey = (typeof sortKeys)[number];

/** Larger first, and of equals the order in which they came. What has no such number comes last. */
export function sorted(measured: readonly Measured[], key: SortKey | undefined): Measured[] {
  if (key === undefined) return [...measured];
  return [...measured].sort((a, b) => rank(b, key) - rank(a, key));
}

function rank({ container, cpu }: Measured, key: SortKey): number {
  switch (key) {
    case 'cpu':
      return cpu ?? -1;
    case 'mem':
      return container.usage?.memory ?? -1;
    case 'up':
      return container.started_at === undefined || container.usage === undefined
        ? -Number.MAX_VALUE
        : -Date.parse(container.started_at);
    case 'restarts':
      return container.restarts;
  }
}

/** Filters of one key widen each other, filters of different keys narrow: `state=failed state=backoff name=cam*`. */
export class Filters {
  readonly #states = new Set<string>();
  readonly #names: string[] = [];

  /** `filters`: `KEY=VALUE` each. TH6011 for a key or a state that there is not. */
  constructor(filters: readonly string[]) {
    for (const filter of filters) {
      const at = filter.indexOf('=');
      const [key, value] = [filter.slice(0, Math.max(0, at)), filter.slice(at + 1)];
      if (key === 'name') this.#names.push(value);
      else if (key === 'state') this.#states.add(knownState(value));
      else
        throw new ThubanError('TH6011', `\`${filter}\` is not a filter`, {
          hint: "filters are `state=STATE` and `name=NAME`, for example --filter state=failed --filter 'name=cam*'",
        });
    }
  }

  get any(): boolean {
    return this.#states.size > 0 || this.#names.length > 0;
  }

  matches({ container }: Measured): boolean {
    if (this.#states.size > 0 && !this.#states.has(container.state)) return false;
    return this.#names.length === 0 || this.#names.some((name) => matchesName(name, container));
  }
}

function knownState(word: string): string {
  const state = stateWords.find((known) => known === word);
  if (state !== undefined) return state;
  const meant = suggest(word, stateWords);
  throw new ThubanError('TH6011', `\`${word}\` is not a state`, {
    hint: meant === undefined ? `states are ${stateWords.join(', ')}` : `did you mean \`${meant}\`?`,
  });
}
