import { ThubanError, failpoint, messageOf } from '../base/index.ts';
import type { Entry } from './catalogue.ts';
import type { DaemonLog } from './daemon-options.ts';
import type { EventHistory } from './event-history.ts';
import type { Fleet } from './fleet.ts';
import { differences, idsOf, reconcile, type Desired, type Step, type Wanted } from './reconcile/index.ts';
import { isResting } from './states.ts';

/** How a step ended. */
export interface Outcome {
  ok: boolean;
  /** Seconds. */
  duration: number;
  error?: ThubanError;
}

export interface ExecutorParts {
  fleet: Fleet;
  history: EventHistory;
  log: DaemonLog;
  desired: () => Desired;
}

/**
 * Carries out what `reconcile` says, each step by itself, so that one that takes long holds nobody up. When a step has ended, or a container has come
 * to another state, it is asked again: what changed meanwhile needs no memory here.
 */
export class Executor {
  readonly #parts: ExecutorParts;
  readonly #running = new Map<string, { step: Step; outcome: Promise<Outcome> }>();
  /** Containers whose step did not succeed: there is no other before the next look at the repositories. */
  readonly #stuck = new Set<string>();
  #isDue = false;
  #closed = false;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
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
  get underWay(): Step[] {
    return [...new Set([...this.#running.values()].map(({ step }) => step))];
  }

  /** After a look at the repositories. */
  retry(): void {
    this.#stuck.clear();
    this.run();
  }

  /** Begins every step that there is now. */
  run(): void {
    this.#isDue = false;
    if (this.#closed || this.#parts.fleet.isClosing) return;
    for (const step of reconcile(this.#parts.desired(), this.#parts.fleet.actual(this)))
      if (!this.#stuck.has(step.id)) this.#begin(step);
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
    const outcome = this.#attempt(step).then((ended) => {
      for (const id of ids) this.#running.delete(id);
      this.runSoon();
      return ended;
    });
    for (const id of ids) this.#running.set(id, { step, outcome });
  }

  async #attempt(step: Step): Promise<Outcome> {
    const began = performance.now();
    const took = (): number => Math.round(performance.now() - began) / 1000;
    try {
      await this.#carryOut(step);
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

  async #carryOut(step: Step): Promise<void> {
    switch (step.do) {
      case 'add':
        this.#add(step.wanted);
        if (step.start) await this.#start(this.#entry(step.id));
        return;
      case 'start':
        await this.#start(this.#entry(step.id));
        return;
      case 'take':
        this.#take(this.#entry(step.id), step.wanted);
        if (step.start) await this.#start(this.#entry(step.id));
        return;
      case 'replace':
        await this.#replace(this.#entry(step.id), step.wanted);
        return;
      case 'succeed':
        await this.#succeed(this.#entry(step.old), step.wanted, step.start);
        return;
      case 'remove':
        await this.#remove(this.#entry(step.id), 'because its manifest is gone');
    }
  }

  #entry(id: string): Entry {
    const entry = this.#parts.fleet.catalogue.entries.get(id);
    if (entry === undefined) throw asBug(new Error(`there is no container ${id}`));
    return entry;
  }

  #add(wanted: Wanted): Entry {
    const { fleet, history } = this.#parts;
    const entry = fleet.add(wanted);
    entry.isDecided = true;
    const { file, digest } = wanted.loaded;
    history.add({ type: 'manifest_loaded', container: entry.supervised.id, file, digest });
    return entry;
  }

  /** Somebody may have started it meanwhile, or all is about to end. */
  async #start({ supervised }: Entry): Promise<void> {
    if (this.#parts.fleet.isClosing || !isResting(supervised.state)) return;
    void supervised.start({}, { asked: false });
    await supervised.attempt;
  }

  #take(entry: Entry, wanted: Wanted): void {
    const changed = this.#change(entry, wanted);
    entry.supervised.take(wanted.loaded);
    this.#tellUpdated(entry, 'text', changed);
  }

  async #replace(entry: Entry, wanted: Wanted): Promise<void> {
    const changed = this.#change(entry, wanted);
    const { started } = await entry.supervised.restart('for replacement', { next: wanted.loaded });
    this.#tellUpdated(entry, 'replace', changed);
    await started;
  }

  async #succeed(old: Entry, wanted: Wanted, start: boolean): Promise<void> {
    await old.supervised.makeRoom('for replacement');
    failpoint('succeed.stopped');
    if (this.#parts.fleet.isClosing) return;
    const entry = this.#add(wanted);
    const started = start ? this.#start(entry) : undefined;
    started?.catch(() => undefined); // waited for below
    failpoint('succeed.added');
    await this.#remove(old, 'because its manifest is gone');
    await started;
  }

  async #remove(entry: Entry, reason: string): Promise<void> {
    const { fleet, history, log } = this.#parts;
    const { id, loaded } = entry.supervised;
    await entry.supervised.stop(reason);
    failpoint('remove.stopped');
    if (fleet.isClosing) return;
    fleet.drop(entry);
    history.add({ type: 'manifest_removed', container: id, file: loaded.file });
    log('info', `${id} removed, because its manifest is gone`, { container: id, file: loaded.file });
  }

  #change(entry: Entry, wanted: Wanted): string[] {
    return differences(entry.supervised.loaded.manifest, wanted.loaded).map(({ key }) => key);
  }

  #tellUpdated(entry: Entry, how: 'text' | 'replace', changed: string[]): void {
    const { id, loaded } = entry.supervised;
    const { file, digest } = loaded;
    entry.repository = this.#parts.desired().containers.get(id)?.repository ?? entry.repository;
    entry.loaded_at = new Date().toISOString();
    this.#parts.history.add({ type: 'updated', container: id, file, digest, how, changed });
    this.#parts.log('info', `${id} updated${how === 'replace' ? ', by a restart' : ''}`, {
      container: id,
      file,
      changed,
    });
  }
}

function asBug(thrown: unknown): ThubanError {
  return new ThubanError('TH9001', `a bug in Thuban: ${messageOf(thrown)}`, { cause: thrown });
}
