import { ThubanError, failpoint, systemClock, type Clock } from '../base/index.ts';
import type { CgroupsSection, LoadedManifest, Restart } from '../manifest/index.ts';
import { Comeback } from './comeback.ts';
import type { Container } from './container.ts';
import { optionalDeferred } from './deferred.ts';
import { carryOut, leavingError, stoppedMeanwhile, type Ending } from './ending.ts';
import type { Exit } from './exit.ts';
import { keptLimits } from './kept-limits.ts';
import { Ledger, monotonicMs } from './ledger.ts';
import { LiveLimits } from './live-limits.ts';
import { withPosition } from './locate.ts';
import { ManifestInForce, type NextManifest } from './manifest-in-force.ts';
import type { ProgramOverrides } from './plan-program.ts';
import { runId } from './plan.ts';
import { restore, type Entry, type Held } from './restore.ts';
import { Runner } from './runner.ts';
import type { SavedState } from './saved-state.ts';
import { isActive, isResting, type State } from './states.ts';
import { statusOf, type Status } from './status.ts';
import { NO_RESTART, type SupervisedOptions } from './supervised-options.ts';
import { tellEnded, tellStartFailed, tellStarted } from './tell-run.ts';
import { Turnstile } from './turnstile.ts';

/** One container over all its runs: starts it, restarts it as its manifest says, and knows its state. */
export class Supervised {
  readonly id: string;
  readonly #options: SupervisedOptions;
  readonly #clock: Clock;
  readonly #turnstile: Turnstile;
  readonly #ledger: Ledger;
  readonly #runner: Runner;
  readonly #comeback: Comeback;
  readonly #inForce: ManifestInForce;
  /** How the limits of what runs are changed. */
  readonly limits: LiveLimits;
  #container: Container | undefined;
  #lastRun: Container | undefined;
  #attempt = optionalDeferred<Container>();
  #stopRequest: AbortController | undefined;
  /** What was asked for, for a start that is still under way then. */
  #ending: Ending | undefined;
  #life: Promise<Exit> | undefined;
  #failure: unknown;
  /** It is being removed: nothing starts it any more. */
  isLeaving = false;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.id = runId(options.loaded.manifest, options.planOptions.beside);
    this.#clock = options.clock ?? systemClock;
    this.#turnstile = options.turnstile ?? new Turnstile(Infinity);
    this.#ledger = new Ledger(this.id, { ...options, clock: this.#clock });
    this.#inForce = new ManifestInForce(options.loaded, this.#ledger);
    const [inForce, ledger] = [this.#inForce, this.#ledger];
    this.limits = new LiveLimits({ ...options, ledger, inForce });
    this.#runner = new Runner({ ...options, loaded: () => inForce.loaded, limits: () => inForce.limits }, ledger);
    this.#comeback = new Comeback({
      ledger: this.#ledger,
      clock: this.#clock,
      board: options.board,
      random: options.random ?? Math.random,
      policy: () => this.#policy,
      onWait: () => {
        this.#attempt = optionalDeferred();
      },
      onFailure: (error) => {
        this.#failure = error;
      },
    });
  }

  /** The manifest in force: what runs was started with it, and the next start will be. */
  get loaded(): LoadedManifest {
    return this.#inForce.loaded;
  }

  /** Limits in the place of those of the manifest. */
  get changedLimits(): CgroupsSection | undefined {
    return this.#inForce.limits;
  }

  /** What the newest start was asked for with, which a restart repeats. */
  get overrides(): ProgramOverrides {
    return this.#ledger.overrides;
  }

  get #policy(): Restart {
    return this.#options.once === true ? NO_RESTART : (this.loaded.manifest.restart ?? NO_RESTART);
  }

  get state(): State {
    return this.#ledger.state;
  }

  /** What `ps` shows. */
  get status(): Status {
    return statusOf(this.#ledger, this.#container, this.#options.board.leftovers);
  }

  /** It was started at least once. */
  get lived(): boolean {
    return this.#ledger.lived || this.#life !== undefined;
  }

  /** Its end was asked for, so that whatever it is, it is no failure. */
  get isAsked(): boolean {
    return this.#ledger.intent !== 'run';
  }

  /** It was active when it began to make room for another version, and nobody has stopped it since. */
  get makesRoom(): boolean {
    return this.#ledger.makesRoom;
  }

  /** The error of the last start, when it failed. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The run that is alive. */
  get container(): Container | undefined {
    return this.#container;
  }

  /** The newest run, whether it is alive or not. */
  get lastRun(): Container | undefined {
    return this.#container ?? this.#lastRun;
  }

  /** Restarts that count against the manifest's limit. */
  get countedRestarts(): number {
    return this.#ledger.history.restarts;
  }

  /** Resolves when the start that is under way or to come has succeeded; rejects with its error, placed in the manifest. */
  get attempt(): Promise<Container> {
    return this.#attempt.promise;
  }

  /** Resolves when it rests. Absent: it never lived. */
  get life(): Promise<Exit> | undefined {
    return this.#life;
  }

  /** Starts it. Resolves with the last exit when no restart will follow. `asked: false`: by itself, so that it waits for its turn. */
  start(overrides: ProgramOverrides = {}, { asked = true } = {}): Promise<Exit> {
    const { id, state } = this;
    if (!isResting(state))
      return Promise.reject(new ThubanError('TH9001', `a bug in Thuban: start of ${id} while it is ${state}`));
    if (this.isLeaving) {
      this.#attempt = optionalDeferred();
      return Promise.resolve(this.#neverRan('is being removed'));
    }
    this.#ledger.overrides = overrides;
    this.#ledger.intent = 'run';
    this.#ledger.makesRoom = false;
    this.#ledger.history = { restarts: 0 };
    return this.#begin({ from: 'start', asked });
  }

  /** In `backoff`: starts it now. */
  startNow(): void {
    this.#comeback.wake();
  }

  /** Goes on where an earlier daemon left it. Says what that one had begun, which is to be carried through. */
  resume(saved: SavedState | undefined, held: Held | undefined): { then: 'stop' | 'restart' | undefined } {
    const { state, entry, then } = restore(saved, held, monotonicMs());
    this.#ledger.resume(state, saved, held);
    this.#ledger.limits = keptLimits(saved, held, this.loaded);
    if (entry !== undefined) void this.#begin(entry);
    else this.#ledger.save();
    return { then };
  }

  /**
   * Ends it and whatever restart was to come. Resolves when all is gone. `timeout` in seconds replaces the manifest's. `asked`: by a person, so that
   * another version does not go on for it either.
   */
  async stop(reason?: string, { timeout, asked = false }: { timeout?: number; asked?: boolean } = {}): Promise<void> {
    if (asked) this.#ledger.makesRoom = false;
    await this.#end({ how: 'stop', reason, timeout }, 'stop');
  }

  /** Another text of its manifest is in force from the next start on. What runs is not touched. */
  take(loaded: LoadedManifest): void {
    this.#inForce.take(loaded);
  }

  /**
   * Stops it, if it lives, as the manifest says that it was started with, and starts it with the same overrides and the manifest that `next` gives
   * then. Resolves when the start is under way; `started` is its `attempt`. TH6005 when it was asked to stop meanwhile, or is wanted no more.
   */
  async restart(
    reason: string,
    { timeout, next }: { timeout?: number; next?: NextManifest } = {},
  ): Promise<{ started: Promise<Container> }> {
    if (this.isLeaving) throw leavingError(this.id);
    if (next !== undefined) this.#inForce.prepare(next);
    if (this.#life === undefined) this.#ledger.intent = 'restart';
    else await this.#end({ how: 'stop', reason, timeout }, 'restart');
    failpoint('restart.stopped');
    this.#inForce.takeNext();
    failpoint('replace.taken');
    const { state, overrides, intent } = this.#ledger;
    if (intent === 'stop') throw stoppedMeanwhile(this.id, state);
    if (isResting(state)) void this.start(overrides, { asked: next === undefined });
    return { started: this.attempt };
  }

  /** Stops it for another version of its file; until that one has its place, a next daemon knows that it was active. */
  async makeRoom(reason: string): Promise<void> {
    this.#ledger.makesRoom ||= isActive(this.#ledger.state);
    await this.stop(reason);
  }

  /** Kills everything of it at once. */
  async kill(reason?: string): Promise<void> {
    this.#ending = undefined; // a kill overtakes a stop
    this.#ledger.makesRoom = false;
    await this.#end({ how: 'kill', reason, timeout: undefined }, 'stop');
  }

  async #end(ending: Ending, intent: 'stop' | 'restart'): Promise<void> {
    this.#ending ??= ending;
    this.#ledger.intent = intent;
    this.#ledger.stopReason = ending.reason;
    this.#stopRequest?.abort();
    if (this.#ledger.state === 'running') this.#ledger.become('stopping');
    else this.#ledger.save();
    failpoint('stop.saved');
    if (this.#container !== undefined) await carryOut(this.#container, ending);
    await this.#life;
  }

  #begin(entry: Entry): Promise<Exit> {
    this.#ending = undefined;
    this.#failure = undefined;
    this.#stopRequest = new AbortController();
    this.#attempt = optionalDeferred();
    this.#life = this.#live(entry, this.#stopRequest.signal);
    return this.#life;
  }

  async #live(entry: Entry, stop: AbortSignal): Promise<Exit> {
    let exit = await this.#enter(entry, stop);
    while (exit === undefined || (await this.#comeback.goesOn(exit, stop)))
      exit = await this.#runOnce({ from: 'start' }, stop);
    return exit;
  }

  /** Undefined: the next thing is a start. */
  async #enter(entry: Entry, stop: AbortSignal): Promise<Exit | undefined> {
    if (entry.from === 'exit') return entry.exit;
    if (entry.from !== 'backoff') return this.#runOnce(entry, stop);
    return (await this.#comeback.backOff(entry.delay, stop)) ? undefined : this.#ledger.lastExit;
  }

  async #runOnce(entry: Entry & { from: 'start' | 'held' }, stop: AbortSignal): Promise<Exit> {
    const waits = entry.from === 'start' && entry.asked !== true;
    const ready = entry.from === 'start' ? this.#runner.untilReady(stop, waits) : undefined;
    if (ready !== undefined && !(await ready)) return this.#neverRan('was asked to stop before it was started');
    if (waits && !this.#turnstile.tryEnter()) {
      this.#ledger.awaitTurn();
      if (!(await this.#turnstile.enter(stop))) return this.#neverRan('was asked to stop before it was started');
    }
    const before = this.#clock.monotonic();
    let container: Container;
    try {
      container =
        entry.from === 'held' ? await this.#runner.adopt(entry.held, entry.accounted) : await this.#runner.start();
    } catch (error) {
      this.#failure = error;
      const located = withPosition(error, this.loaded);
      const exit = tellStartFailed(this.#ledger, located, this.#clock);
      this.#attempt.reject(located);
      return exit;
    } finally {
      if (waits) this.#turnstile.leave();
    }
    this.#container = container;
    if (container.record.pending !== undefined) void this.limits.settle(container);
    if (this.#ledger.state !== 'stopping') this.#ledger.become('running'); // asked to stop before it was adopted
    tellStarted(this.#ledger, container, entry, this.#clock.monotonic() - before);
    this.#attempt.resolve(container);
    if (stop.aborted) {
      this.#ledger.become('stopping');
      void carryOut(container, this.#ending ?? { how: 'stop', reason: undefined, timeout: undefined });
    }
    const { exit, leftovers } = await container.ended;
    this.#container = undefined;
    this.#lastRun = container;
    return tellEnded(this.#ledger, entry, exit, leftovers);
  }

  #neverRan(why: string): Exit {
    this.#attempt.reject(new ThubanError('TH6005', `\`${this.id}\` ${why}`));
    return { reason: 'stopped', time: new Date(this.#clock.now()).toISOString(), duration: 0 };
  }
}
