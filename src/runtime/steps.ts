import { ThubanError, failpoint, messageOf } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import type { Entry } from './catalogue.ts';
import type { DaemonLog } from './daemon-options.ts';
import type { EventHistory } from './event-history.ts';
import type { Fleet } from './fleet.ts';
import { Leaving } from './leaving.ts';
import { View, differences, keptFor, type Desired, type Step, type Wanted } from './reconcile/index.ts';
import { isResting } from './states.ts';

export interface StepsParts {
  fleet: Fleet;
  history: EventHistory;
  log: DaemonLog;
  desired: () => Desired;
}

/** How the steps of `reconcile` are carried out. A stop takes its time: what is wanted afterwards is asked anew. */
export class Steps {
  readonly #parts: StepsParts;

  constructor(parts: StepsParts) {
    this.#parts = parts;
  }

  async carryOut(step: Step): Promise<void> {
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
      case 'live':
        await this.#live(this.#entry(step.id), step.wanted);
        return;
      case 'replace':
        await this.#replace(this.#entry(step.id), step.wanted);
        return;
      case 'succeed':
        await this.#succeed(this.#entry(step.old), step);
        return;
      case 'remove':
        await this.#remove(this.#entry(step.id));
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
    await Promise.resolve(); // until all that came together has its place: it may mount the files of another
    if (this.#parts.fleet.isClosing || !isResting(supervised.state)) return;
    void supervised.start({}, { asked: false });
    await supervised.attempt;
  }

  #take(entry: Entry, wanted: Wanted): void {
    const before = entry.supervised.loaded;
    entry.supervised.take(wanted.loaded);
    this.#taken(entry, wanted, { before, how: 'text' });
  }

  /** What the kernel refuses leaves the old limits and the old manifest in force, which is told as long as it is so. */
  async #live(entry: Entry, wanted: Wanted): Promise<void> {
    const { supervised } = entry;
    const { container, loaded: before, id } = supervised;
    if (container === undefined || supervised.isAsked) return; // it has ended meanwhile, and what follows from that is another step
    const { loaded } = wanted;
    const known = container.refusal.condition?.message;
    try {
      await supervised.limits.follow(container, loaded);
    } catch (error) {
      if (container.hasEnded) return;
      container.refusal.note(`the limits of ${loaded.file} are not in force`, error, loaded.digest);
      const { message = '', code } = container.refusal.condition ?? {};
      if (message !== known) this.#parts.log('error', `${id}: ${message}`, { container: id, code });
      throw error;
    }
    this.#taken(entry, wanted, { before, how: 'live' });
  }

  async #replace(entry: Entry, planned: Wanted): Promise<void> {
    const { supervised } = entry;
    const before = supervised.loaded;
    let wanted: Wanted | undefined = planned;
    const next = (): LoadedManifest | undefined => {
      wanted = this.#wantedNow(supervised.id, planned);
      return wanted?.loaded;
    };
    let started: Promise<unknown> | undefined;
    try {
      ({ started } = await supervised.restart('for replacement', { next }));
    } catch (error) {
      if (!supervised.makesRoom) throw error; // else its manifest went meanwhile, and what follows from that is another step
    } finally {
      const how = started === undefined ? 'text' : 'replace';
      if (supervised.loaded !== before && wanted !== undefined) this.#taken(entry, wanted, { before, how });
    }
    await started;
  }

  async #succeed(old: Entry, step: Step & { do: 'succeed' }): Promise<void> {
    const { fleet } = this.#parts;
    const leaving = new Leaving(fleet, old);
    try {
      const { supervised } = old;
      const ended = leaving.end('for replacement', { makesRoom: true });
      const { makesRoom } = supervised;
      await ended;
      failpoint('succeed.stopped');
      const wanted = this.#wantedNow(step.id, step.wanted);
      // When it is not wanted any more, the old one rests, and is known to have been active: the next step goes on from there.
      if (fleet.isClosing || wanted === undefined) {
        leaving.takeBack();
        return;
      }
      const entry = this.#add(wanted);
      // Who stopped the old one meanwhile did not mean that the new one runs.
      const isStopped = makesRoom && !supervised.makesRoom;
      const started = step.start && !isStopped ? this.#start(entry) : undefined;
      started?.catch(() => undefined); // waited for below
      failpoint('succeed.added');
      await leaving.end('because its manifest is gone');
      this.#forget(old, leaving);
      await started;
    } catch (error) {
      leaving.takeBack();
      throw error;
    }
  }

  async #remove(entry: Entry): Promise<void> {
    const { fleet } = this.#parts;
    const leaving = new Leaving(fleet, entry);
    fleet.clockwork.release(entry);
    try {
      await leaving.end('because its manifest is gone');
      this.#forget(entry, leaving);
    } catch (error) {
      leaving.takeBack();
      throw error;
    }
  }

  #forget(entry: Entry, leaving: Leaving): void {
    const { fleet, history, log } = this.#parts;
    failpoint('remove.stopped');
    if (fleet.isClosing) return;
    leaving.forget();
    const { id, loaded } = entry.supervised;
    history.add({ type: 'manifest_removed', container: id, file: loaded.file });
    log('info', `${id} removed, because its manifest is gone`, { container: id, file: loaded.file });
  }

  /** What a container is wanted as by now; as it was planned when its file is broken by now. Undefined: it is not wanted any more. */
  #wantedNow(id: string, planned: Wanted): Wanted | undefined {
    const desired = this.#parts.desired();
    const kept = keptFor({ id, ...planned }, new View(desired, []));
    return kept === undefined ? desired.containers.get(id) : planned;
  }

  #taken(
    entry: Entry,
    wanted: Wanted,
    { before, how }: { before: LoadedManifest; how: 'text' | 'live' | 'replace' },
  ): void {
    const { fleet, history, log } = this.#parts;
    const { id } = entry.supervised;
    const { file, digest } = wanted.loaded;
    const changed = differences(before.manifest, wanted.loaded).map(({ key }) => key);
    entry.repository = wanted.repository;
    entry.loaded_at = new Date().toISOString();
    fleet.clockwork.bind(entry);
    history.add({ type: 'updated', container: id, file, digest, how, changed });
    const by = { text: '', live: ', while it runs', replace: ', by a restart' }[how];
    log('info', `${id} updated${by}`, { container: id, file, changed });
  }
}

export function asBug(thrown: unknown): ThubanError {
  return new ThubanError('TH9001', `a bug in Thuban: ${messageOf(thrown)}`, { cause: thrown });
}
