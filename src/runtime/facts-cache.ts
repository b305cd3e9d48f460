import { systemClock } from '../base/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { gatherBoard, ownFacts, type BoardFacts, type Facts } from './facts.ts';
import { planExec, type ExecPlan, type ExecTarget } from './plan-exec.ts';
import { plan, type LaunchPlan, type PlanOptions } from './plan.ts';
import type { Resource } from './resources.ts';

/** Boards change seldom: a CPU goes offline, a group is added, a disk is plugged in. */
const MAX_AGE_MS = 60_000;

/**
 * Plans with facts of the last minute, because reading them anew takes longer than all the rest of a plan. Host paths are always looked at.
 * A plan with problems is made once more with fresh facts: an old one never refuses what the board can do by now. What it takes for possible
 * and is not any more, the kernel refuses.
 */
export class FactsCache {
  #board: { facts: BoardFacts; at: number } | undefined;
  /** What came out for a manifest the last time, and of what: most starts are another start of the same. */
  readonly #plans = new WeakMap<Manifest, { board: BoardFacts; from: string; made: LaunchPlan }>();

  /** `offered`: what the repositories hold now. */
  plan(manifest: Manifest, options: PlanOptions, offered: readonly Resource[] = []): LaunchPlan {
    const known = this.#board;
    if (known !== undefined && systemClock.monotonic() - known.at < MAX_AGE_MS) {
      const own = ownFacts(manifest, offered);
      const from = JSON.stringify([own, options]);
      const last = this.#plans.get(manifest);
      if (last?.board === known.facts && last.from === from) return last.made;
      const made = tryPlan(manifest, { ...known.facts, ...own }, options);
      if (made !== undefined) {
        this.#plans.set(manifest, { board: known.facts, from, made });
        return made;
      }
    }
    return plan(manifest, { ...this.#gather(options.parent), ...ownFacts(manifest, offered) }, options);
  }

  /** The same for a further program in a container. */
  planExec(manifest: Manifest, target: ExecTarget): ExecPlan {
    const own = ownFacts({ ...manifest, mounts: {} }, []);
    const known = this.#board;
    if (known !== undefined && systemClock.monotonic() - known.at < MAX_AGE_MS) {
      const made = planExec(manifest, { ...known.facts, ...own }, target);
      if (made.problems.length === 0) return made;
    }
    return planExec(manifest, { ...this.#gather(), ...own }, target);
  }

  #gather(parent?: string): BoardFacts {
    const facts = gatherBoard({ parent });
    this.#board = { facts, at: systemClock.monotonic() };
    return facts;
  }
}

function tryPlan(manifest: Manifest, facts: Facts, options: PlanOptions): LaunchPlan | undefined {
  try {
    const made = plan(manifest, facts, options);
    return made.problems.length === 0 ? made : undefined;
  } catch {
    return undefined; // the plan from fresh facts throws it again, if it still holds
  }
}
