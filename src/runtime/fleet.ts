import type { ThubanError } from '../base/index.ts';
import { Catalogue, type Entry } from './catalogue.ts';
import { Clockwork } from './clockwork.ts';
import type { Board } from './container.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { EventHistory } from './event-history.ts';
import type { RuntimeEvent } from './events.ts';
import { exitSentence } from './exit.ts';
import { logEvent } from './log-event.ts';
import { foundItsResources } from './lacking.ts';
import type { LogStore, LogStores } from './log-store.ts';
import { socketsFolder } from './plan-sockets.ts';
import { runId, type PlanOptions } from './plan.ts';
import type { Actual, Wanted } from './reconcile/index.ts';
import { isFailure } from './restart.ts';
import { isActive, isResting } from './states.ts';
import type { StateFiles } from './state-files.ts';
import { Supervised } from './supervised.ts';
import { checkTrust } from './trust.ts';
import { Turnstile } from './turnstile.ts';

export interface FleetParts {
  options: DaemonOptions;
  board: Board;
  files: StateFiles;
  stores: LogStores;
  history: EventHistory;
  planOptions: PlanOptions;
  /** A container with `autostart: critical` has ended for good. */
  onCritical: (id: string) => void;
  onProblem: (error: ThubanError) => void;
}

/** All containers that the daemon has, and what happens to them together. */
export class Fleet {
  readonly catalogue = new Catalogue();
  readonly #parts: FleetParts;
  readonly clockwork: Clockwork;
  readonly #turnstile: Turnstile;
  /** Called when a container has come to rest: something may have waited for that. */
  onRest: (() => void) | undefined;
  /** From the moment on that they are somebody else's, nothing of them is noted here. */
  #detached = false;
  #stopping = false;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#turnstile = new Turnstile(parts.options.concurrency);
    parts.board.leftovers.onChange = (event) => {
      this.#tell(event);
    };
    this.clockwork = new Clockwork({
      options: parts.options,
      catalogue: this.catalogue,
      addBeside: ({ supervised, repository }, number) => {
        const beside = this.add({ loaded: supervised.loaded, repository }, number);
        beside.supervised.isLeaving = supervised.isLeaving;
        return beside;
      },
      isClosing: () => this.isClosing,
      onEvent: (event) => {
        this.#tell(event);
      },
      onProblem: parts.onProblem,
    });
  }

  /** Whether all is about to end, or to be another daemon's. */
  get isClosing(): boolean {
    return this.#detached || this.#stopping;
  }

  /** `busy`: ids of containers that something is being done about. */
  actual(busy: { has(id: string): boolean }): Actual[] {
    const own = [...this.catalogue.entries].filter(([, { beside }]) => beside === undefined);
    return own.map(([id, entry]) => {
      const { supervised, repository, isDecided } = entry;
      return {
        id,
        loaded: supervised.loaded,
        repository,
        // Whose end was asked for is on its way to it, also when it has not come so far as to be started.
        state: supervised.isAsked && isActive(supervised.state) ? 'stopping' : supervised.state,
        busy: busy.has(id),
        lived: supervised.lived,
        isDecided,
        makesRoom: supervised.makesRoom,
        foundResources: foundItsResources(entry, this.catalogue),
        canFollow: (next) =>
          supervised.container !== undefined && supervised.limits.canFollow(supervised.container, next),
      };
    });
  }

  /** Takes a container in, or one more run beside its own. Nothing of it is started, unless the clock does it. */
  add({ loaded, repository }: Wanted, number?: number): Entry {
    const { board, stores, files, planOptions } = this.#parts;
    const id = runId(loaded.manifest, number);
    const log = stores.open(id);
    const supervised = new Supervised({
      board,
      loaded,
      planOptions: number === undefined ? planOptions : { ...planOptions, beside: number },
      resources: () => this.catalogue.resourcesFor(entry),
      permit: () => {
        checkTrust(entry, this.catalogue);
      },
      turnstile: this.#turnstile,
      output: log,
      onEvent: (event) => {
        this.#onEvent(event, log);
      },
      save: (state, soon) => {
        // A daemon that dies while it shuts down is followed by one that goes on as if nothing had been asked.
        if (this.#detached || this.#stopping) return;
        if (soon) files.saveSoon(id, state);
        else files.save(id, state);
      },
      onOutputLost: () => {
        log.remark('the output of this run cannot be read any more');
      },
    });
    const [sockets, loaded_at] = [socketsFolder(planOptions.runDir ?? ''), new Date().toISOString()];
    const entry: Entry = { supervised, log, repository, sockets, loaded_at, isDecided: false };
    if (number !== undefined) entry.beside = { of: runId(loaded.manifest), number };
    this.catalogue.entries.set(id, entry);
    this.clockwork.bind(entry);
    return entry;
  }

  /** Forgets a container that rests: its state, its logs, its last run. */
  drop(entry: Entry): void {
    const { id } = entry.supervised;
    this.clockwork.release(entry);
    this.catalogue.entries.delete(id);
    this.#parts.files.remove(id);
    this.#parts.stores.remove(id);
  }

  /** Stops all at once; what still lives after `timeout` seconds is killed. */
  async stopAll(timeout: number): Promise<void> {
    this.#stopping = true;
    this.clockwork.close();
    const all = [...this.catalogue.entries.values()].map(({ supervised }) => supervised);
    const timer = setTimeout(() => {
      void this.killAll('at the end of the shutdown’s time-out');
    }, timeout * 1000);
    await Promise.all(all.map((supervised) => supervised.stop('for shutdown')));
    clearTimeout(timer);
  }

  /** For whoever asks a second time: no more patience. */
  async killAll(reason: string): Promise<void> {
    await Promise.all([...this.catalogue.entries.values()].map(({ supervised }) => supervised.kill(reason)));
  }

  /** What happens from now on is another daemon's to note. */
  detach(): void {
    this.#detached = true;
    this.#parts.files.flush();
    this.clockwork.close();
    for (const { log } of this.catalogue.entries.values()) log.close();
  }

  /** After the orderly end, the next daemon begins anew. */
  forget(): void {
    for (const id of this.catalogue.entries.keys()) this.#parts.files.remove(id);
  }

  #onEvent(event: RuntimeEvent, log: LogStore): void {
    if (this.#detached) return;
    this.#tell(event);
    this.clockwork.onEvent(event);
    if (event.type === 'exited') log.remark(exitSentence(event.exit));
    if (event.type !== 'state') return;
    this.#checkCritical(event.container);
    if (isResting(event.state)) this.onRest?.();
  }

  #tell(event: RuntimeEvent): void {
    if (this.#detached) return;
    const { time, ...body } = event;
    this.#parts.history.add(body, time);
    logEvent(event, this.#parts.options.log);
  }

  #checkCritical(id: string): void {
    const supervised = this.catalogue.entries.get(id)?.supervised;
    if (this.#stopping || supervised?.loaded.manifest.autostart !== 'critical' || supervised.isAsked) return;
    const { state, last_exit: exit } = supervised.status;
    const failed = state === 'failed' || (state === 'stopped' && exit !== undefined && isFailure(exit));
    if (!failed) return;
    this.#parts.options.log('error', `the critical container \`${id}\` has ended; the daemon ends with it`, {
      container: id,
    });
    this.#parts.onCritical(id);
  }
}
