import { ThubanError } from '../base/index.ts';
import { idsOf, reconcile, type Begun, type Step } from './reconcile/index.ts';
import { Steps, asBug, type StepsParts } from './steps.ts';

/** How a step ended. */
export interface Outcome {
  ok: boolean;
  /** Seconds. */
  duration: number;
  error?: ThubanError;
}

/**
 * Carries out what `reconcile` says, each step by itself, so that one that takes long holds nobody up. When a step has ended, or a container has come
 * to rest, it is asked again: what changed meanwhile needs no memory here.
 */
export class Executor {
  readonly #parts: StepsParts;
  readonly #steps: Steps;
  readonly #running = new Map<string, { begun: Begun; outcome: Promise<Outcome> }>();
  /** Containers whose step did not succeed: there is no other before the next look at the repositories. */
  readonly #stuck = new Set<string>();
  /** Before, what an earlier daemon left has to have its place. */
  #hasBegun = false;
  #isDue = false;
  #closed = false;

  constructor(parts: StepsParts) {
    this.#parts = parts;
    this.#steps = new Steps(parts);
    parts.fleet.onRest = () => {
      if (this.#hasBegun) this.runSoon();
    };
  }

  /** Whether something is being done about a container. */
  has(id: string): boolean {
    return this.#running.has(id);
  }

  /** The step that is under way. */
  outcome(id: string): Promise<Outcome> | undefined {
    return this.#running.get(id)?.outcome;
  }

  /** What is being done. */
  get underWay(): Begun[] {
    return [...new Set([...this.#running.values()].map(({ begun }) => begun))];
  }

  /** After a look at the repositories. */
  retry(): void {
    this.#stuck.clear();
    this.run();
  }

  /** Begins every step that there is now. */
  run(): void {
    this.#isDue = false;
    this.#hasBegun = true;
    if (this.#closed || this.#parts.fleet.isClosing) return;
    for (const step of reconcile(this.#parts.desired(), this.#parts.fleet.actual(this))) {
      // What takes another's place is not there before that one has ended, but something is being done about it.
      const isFree = idsOf(step).every((id) => !this.has(id));
      if (isFree && !this.#stuck.has(step.id)) this.#begin(step);
    }
  }

  /** After a change: once, however many there were. */
  runSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.run();
    });
  }

  /** Begins nothing any more. Resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map(({ outcome }) => outcome));
  }

  #begin(step: Step): void {
    const ids = idsOf(step);
    const entry = this.#parts.fleet.catalogue.entries.get(step.do === 'succeed' ? step.old : step.id);
    const begun: Begun = { step, ...(entry === undefined ? {} : { before: entry.supervised.loaded.manifest }) };
    const outcome = this.#attempt(step).then((ended) => {
      for (const id of ids) this.#running.delete(id);
      this.runSoon();
      return ended;
    });
    for (const id of ids) this.#running.set(id, { begun, outcome });
  }

  async #attempt(step: Step): Promise<Outcome> {
    const began = performance.now();
    const took = (): number => Math.round(performance.now() - began) / 1000;
    try {
      await this.#steps.carryOut(step);
      return { ok: true, duration: took() };
    } catch (thrown) {
      const error = thrown instanceof ThubanError ? thrown : asBug(thrown);
      this.#stuck.add(step.id);
      // A container that cannot be started has told so itself.
      const isTold = this.#parts.fleet.catalogue.entries.get(step.id)?.supervised.lived === true;
      if (error.code === 'TH9001' || !isTold)
        this.#parts.log('error', `${step.id}: ${error.message}`, { container: step.id, code: error.code });
      return { ok: false, duration: took(), error };
    }
  }
}
