import {
  classifyOom,
  type Above,
  type AcquiredGroups,
  type ExitFacts,
  type OomCounters,
  type OomVerdict,
} from '../cgroups/index.ts';
import type { Oom } from './exit.ts';

export interface OomTrackerOptions {
  /** The container's own limit in bytes. */
  limit: number | undefined;
  /** One kill takes the whole group with it, so that a run has at most one. */
  together: boolean;
  /** Counters from before the program existed, for a run that is adopted. */
  before?: OomCounters | null;
  /** The same of the groups above; null: nobody looked. */
  above?: Above | null;
  /** Kills that were told before it was adopted. */
  announced?: number;
}

/** What the kernel's counters say about one run of a container. Notifications are only a hint; the counters are the truth. */
export class OomTracker {
  /** Taken before the program existed. */
  readonly before: OomCounters | null;
  readonly above: Above | null;
  readonly #groups: AcquiredGroups;
  #limit: number | undefined;
  #together: boolean;
  #announced: number;
  #notified = false;
  /** Taken when we begin to kill: what the kernel killed before that is not why the program ended. */
  #beforeKill: OomCounters | null | undefined;
  #final: OomCounters | null | undefined;

  constructor(groups: AcquiredGroups, options: OomTrackerOptions) {
    this.#groups = groups;
    this.#together = options.together;
    this.#limit = options.limit;
    this.#announced = options.announced ?? 0;
    this.before = options.before === undefined ? groups.oomCounters() : options.before;
    this.above = options.above === undefined ? groups.above() : options.above;
  }

  /** How many kills of this run were told. */
  get announced(): number {
    return this.#announced;
  }

  /** The kernel told of a limit that was reached: on v1 that of this group or of one above. */
  notified(): void {
    this.#notified = true;
  }

  /** The kills since the start, if there are more than were told before. The kernel may count a victim once more with its group. */
  news(): Oom | undefined {
    if (this.#together && this.#announced > 0) return undefined;
    const oom = this.total();
    if (oom === undefined || oom.kills <= this.#announced) return undefined;
    this.#announced = oom.kills;
    return oom;
  }

  /** All kills since the start; undefined when there were none, or when nobody knows. */
  total(): Oom | undefined {
    const { kills, cause, ancestor } = this.#classify(this.before, { signal: 9 }, false);
    if (kills === null || kills === 0) return undefined;
    return {
      cause: cause ?? 'unknown',
      kills,
      ...(this.#limit === undefined ? {} : { limit: this.#limit }),
      ...(ancestor === undefined ? {} : { ancestor: this.#groups.ancestor(ancestor) }),
    };
  }

  /** Other limits are in force. */
  relimit({ limit, together }: Pick<OomTrackerOptions, 'limit' | 'together'>): void {
    this.#limit = limit;
    this.#together = together;
  }

  /** Takes the last figures. */
  close(): void {
    this.#final = this.#groups.oomCounters();
  }

  weKill(): void {
    this.#beforeKill ??= this.#groups.oomCounters();
  }

  /** Whether this end of the program was an out-of-memory kill; null: the counters could not be read. */
  verdict(exit: { code: number } | { signal: number }, requested: boolean): boolean | null {
    return this.#classify(this.#beforeKill ?? this.before, exit, requested).oomKilled;
  }

  #classify(before: OomCounters | null, exit: { code?: number; signal?: number }, requestedKill: boolean): OomVerdict {
    const version = this.#groups.memory?.version ?? 1;
    const notified = this.#notified;
    const after = this.#final === undefined ? this.#groups.oomCounters() : this.#final;
    const facts: ExitFacts = { version, before, after, exit, requestedKill, notified };
    const verdict = classifyOom(facts);
    // The groups above are only asked when it matters.
    const above = verdict.cause === 'ancestor_or_system' ? this.#groups.above() : null;
    if (above === null || this.above === null) return verdict;
    return classifyOom({ ...facts, above: { before: this.above, after: above } });
  }
}
