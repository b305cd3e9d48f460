import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { ThubanError } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { changesOf, failedOf, keptBy } from './changes.ts';
import type { Applied, Change, RepositorySummary } from './control.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { EventHistory } from './event-history.ts';
import { Executor, type Outcome } from './executor.ts';
import type { Fleet } from './fleet.ts';
import { Packages } from './packages/index.ts';
import { containerId } from './plan.ts';
import { keptFor, View } from './reconcile/index.ts';
import { Refusals } from './refusals.ts';
import {
  Repositories,
  RepositoryWatch,
  holdingsOf,
  type Claim,
  type Holdings,
  type RejectedManifest,
  type VerifiedFile,
} from './repository/index.ts';

export interface ReconcilerParts {
  options: DaemonOptions;
  fleet: Fleet;
  history: EventHistory;
  /** Where it is kept which packages were checked. */
  verified: VerifiedFile;
}

const NOTHING_BUSY: ReadonlySet<string> = new Set();
/** Timers may fire a little early. */
const GRAIN_MS = 10;
/** An earlier step, the one that was asked for, and one that follows from it. */
const STEPS_AWAITED = 3;

/** Keeps the board as its repositories want it: looks at them when they change, and has the executor do what follows. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #repositories: Repositories;
  readonly #executor: Executor;
  readonly #refusals: Refusals;
  readonly #watch: RepositoryWatch;
  readonly packages: Packages;
  #holdings: Holdings = holdingsOf(new Map(), []);
  /** Requests that look by themselves and do what follows: what the watch sees meanwhile is theirs to tell. */
  #asking = 0;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    const { options, fleet, history, verified } = parts;
    const { restart, log, watch } = options;
    const { timeZone } = options.schedule;
    const settle = watch.debounce * 1000;
    this.#repositories = new Repositories(options.repositories, { restart, timeZone, settle }, verified);
    const bring = (id: string): ReturnType<Reconciler['bring']> => this.bring(id);
    this.packages = new Packages({ options, fleet, history, repositories: this.#repositories, bring });
    this.#executor = new Executor({ fleet, history, log, desired: () => this.#holdings });
    this.#refusals = new Refusals(fleet.catalogue, history, log);
    this.#watch = new RepositoryWatch({
      ...watch,
      dirs: this.dirs.map(([, dir]) => dir),
      onChange: (dir, name) => {
        this.#repositories.note(dir, name);
      },
      onDue: () => this.#onDue(),
      onProblem: (message, fields) => {
        log('warn', message, fields);
      },
    });
  }

  get dirs(): [id: string, dir: string][] {
    return this.#repositories.dirs;
  }

  /**
   * The first look. A file of a container that an earlier daemon left has to hold still like any other that changes; all the rest counts as it
   * is, so that a board starts without waiting. `inherited`: what that daemon had in force; its files count before copies of them.
   */
  async begin(inherited: readonly LoadedManifest[]): Promise<Holdings> {
    this.packages.clean();
    const young = Date.now() - this.#parts.options.watch.debounce * 1000;
    // A file of the future is young as well: the clock was set back. Packages are waited for: nothing starts before what it needs is there.
    const files = new Set(inherited.map(({ file }) => file));
    const claims = inherited.map((loaded): Claim => {
      const repository = this.#repositories.holding(loaded.file) ?? '';
      return { id: containerId(loaded.manifest), repository, loaded };
    });
    this.#holdings = await this.#repositories.lookAtAll(
      () => claims,
      (file, changed) => !files.has(file) || changed <= young,
    );
    return this.#holdings;
  }

  /** After the fleet has taken over what an earlier daemon left: tells what the look found. */
  tell(): void {
    this.mark();
    const { fleet, history } = this.#parts;
    for (const [id, { loaded }] of this.#holdings.containers) {
      const { file, digest } = loaded;
      if (fleet.catalogue.entries.get(id)?.supervised.loaded === loaded)
        history.add({ type: 'manifest_loaded', container: id, file, digest });
    }
  }

  /** Brings the board to what its repositories want, and keeps it so. */
  run(): void {
    const { fleet } = this.#parts;
    this.#executor.run();
    fleet.clockwork.start();
    fleet.clockwork.sweep(this.#holdings);
    for (const entry of this.#parts.fleet.catalogue.entries.values()) entry.isDecided = true;
    this.#watch.start();
  }

  /** Looks and does no more. Call it before the containers are ended; resolves when what was under way has come to its end. */
  async close(): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#repositories.close();
    await this.packages.close();
    await this.#executor.close();
  }

  async apply({ dry_run: isDry = false }: { dry_run?: boolean } = {}): Promise<Applied> {
    if (isDry) return this.#answer(await this.#settledLook(), isDry);
    this.#asking++;
    let holdings: Holdings;
    try {
      holdings = await this.#settledLook();
    } finally {
      this.#asking--;
    }
    return this.#answer(holdings, isDry);
  }

  repositories(): RepositorySummary[] {
    const { refused, problems, looked_at } = this.#holdings;
    const entries = [...this.#parts.fleet.catalogue.entries.values()];
    return this.dirs.map(([id, dir]) => {
      const own = entries.filter(({ repository }) => repository === id);
      const problem = problems.get(id);
      const rejected = refused.filter(({ repository, rejected: { file } }) => repository === id && file !== dir);
      return {
        id,
        dir,
        containers: own.length,
        running: own.filter(({ supervised: { state } }) => state === 'running').length,
        rejected: rejected.map(({ rejected: { file, diagnostics } }) => ({ file, errors: diagnostics })),
        ...(problem === undefined ? {} : { problem: problem.toJSON() }),
        watched: this.#watch.isWatched(dir),
        looked_at,
      };
    });
  }

  /** Looks now, whatever changes beside, and resolves when what follows for this container is done. */
  async bring(id: string): Promise<{ outcome: Outcome | undefined; rejected: readonly RejectedManifest[] }> {
    this.#take(await this.#look());
    const outcome = await this.#ended({ id });
    return { outcome, rejected: this.#holdings.refused.map(({ rejected }) => rejected) };
  }

  async #answer(holdings: Holdings, isDry: boolean): Promise<Applied> {
    const { fleet } = this.#parts;
    if (fleet.isClosing)
      throw new ThubanError('TH6014', 'the daemon is shutting down', { hint: 'wait for the next one' });
    const actual = fleet.actual(NOTHING_BUSY);
    const changes = changesOf(holdings, actual, this.#executor.underWay);
    const kept = keptBy(holdings, actual);
    const rejected = holdings.refused.map(({ repository, rejected: { file, diagnostics } }) => ({
      file,
      repository,
      errors: diagnostics,
      keeps: kept.get(holdings.unusable.has(repository) ? repository : file) ?? [],
    }));
    const unsettled = [...holdings.unsettled];
    const board = (): Pick<Applied, 'rejected' | 'unsettled' | 'failed'> => {
      const failed = failedOf(fleet.actual(NOTHING_BUSY), changes);
      return { rejected, unsettled, ...(failed.length === 0 ? {} : { failed }) };
    };
    if (isDry) return { changes, ...board() };
    this.#take(holdings);
    const done = await Promise.all(
      changes.map(async (change): Promise<Change> => ({ ...change, result: resultOf(await this.#ended(change)) })),
    );
    return { changes: done, ...board() };
  }

  async #onDue(): Promise<boolean> {
    if (this.#asking > 0) return true;
    const holdings = await this.#look();
    if (this.#asking > 0) return true;
    this.#take(holdings);
    return holdings.unsettled.size > 0;
  }

  /** Whoever asks means the files as they are now; one that has changed just now is given the time to hold still. */
  async #settledLook(): Promise<Holdings> {
    const first = await this.#look();
    if (first.unsettled.size === 0) return first;
    await pause(this.#parts.options.watch.debounce * 1000 + GRAIN_MS);
    return this.#repositories.lookAtAll(() => this.#claims());
  }

  #look(): Promise<Holdings> {
    return this.#repositories.look(() => this.#claims());
  }

  #claims(): Claim[] {
    return this.#parts.fleet.actual(NOTHING_BUSY).map(({ id, repository, loaded }) => ({ id, repository, loaded }));
  }

  #take(holdings: Holdings): void {
    const { fleet, history, options } = this.#parts;
    if (fleet.isClosing) return;
    const wasBroken = new Set(this.#holdings.rejected.map(({ file }) => file));
    this.#holdings = holdings;
    this.mark();
    for (const { supervised } of fleet.catalogue.entries.values()) {
      const { file, digest } = supervised.loaded;
      if (!wasBroken.has(file) || holdings.containers.get(supervised.id)?.loaded.digest !== digest) continue;
      history.add({ type: 'manifest_loaded', container: supervised.id, file, digest });
      options.log('info', `${file} is right again`, { container: supervised.id, file });
    }
    this.#executor.retry();
    fleet.clockwork.sweep(holdings);
  }

  /** Notes what is broken, and what goes on all the same: what nothing may be started from. */
  mark(): void {
    const { fleet } = this.#parts;
    fleet.catalogue.signers = this.#holdings.signers;
    this.#refusals.update(this.#holdings.refused);
    const view = new View(this.#holdings, fleet.actual(NOTHING_BUSY));
    for (const one of view.actual) {
      const entry = fleet.catalogue.entries.get(one.id);
      const kept = keptFor(one, view);
      if (entry === undefined) continue;
      entry.supervised.container?.refusal.keepFor(this.#holdings.containers.get(one.id)?.loaded.digest);
      if (kept === undefined) delete entry.kept;
      else entry.kept = kept;
    }
  }

  /** How the step that brings this change has ended; one that was under way before is waited for as well. */
  async #ended({ id, replaces }: Pick<Change, 'id' | 'replaces'>): Promise<Outcome | undefined> {
    let last: Outcome | undefined;
    for (let step = 0; step < STEPS_AWAITED; step++) {
      const outcome =
        this.#executor.outcome(id) ?? (replaces === undefined ? undefined : this.#executor.outcome(replaces));
      if (outcome === undefined) break;
      last = await outcome;
      for (let turn = 0; turn < 2; turn++) await nextTurn(); // the executor begins what follows
    }
    return last;
  }
}

/** Undefined: it was as wanted before its turn came, or the daemon is about to end. */
function resultOf(outcome: Outcome | undefined): NonNullable<Change['result']> {
  const { ok, duration, error } = outcome ?? { ok: true, duration: 0 };
  return { ok, duration, ...(error === undefined ? {} : { error: error.toJSON() }) };
}
